import { readdirSync, utimesSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { Trimming } from '../../../../src/cli/up/trimming.ts'
import { MICROS_PER_DAY } from '../../../../src/domain/time.ts'
import { silentLogger } from '../../../../src/runtime/logger.ts'
import { upgradeSchema } from '../../../../src/store/schema/migrate.ts'
import { createSqlStore } from '../../../../src/store/sql-store.ts'
import { openSqliteDatabase } from '../../../../src/store/sqlite/sqlite-database.ts'
import type { Store } from '../../../../src/store/store.ts'
import { event, routerOf } from '../../../support/events.ts'
import { folderWith } from '../../../support/folders.ts'
import { finished, LATER, NOW, PAGE } from '../../../support/store-fixture.ts'
import { until } from '../../../support/until.ts'

const KEEP_MS = 60_000

/** A store with a stream that has ended, one that has not, an event in no stream, and a dead letter. */
async function filledStore(): Promise<Store> {
  const database = openSqliteDatabase(':memory:')
  await upgradeSchema(database.db, database.dialect.types)
  const store = await createSqlStore(database, { writer: 'test' })
  onTestFinished(() => store.close())
  const router = routerOf({})
  const events = [
    event({ messageId: 'ended', host: 'a', eventType: 'x.end', timestamp: NOW }),
    event({ messageId: 'open', host: 'b', timestamp: NOW }),
    event({ messageId: 'alone', eventType: 'other', timestamp: NOW }),
  ]
  const arrivals = events.map((one) => ({ event: one, at: NOW, keys: router.keysOf(one) }))
  const letter = { stage: 'decode', reason: 'no JSON', queue: 'q', body: Buffer.from('x') }
  await store.storeBatch({ arrivals, deadLetters: [letter] }, router)
  const claims = await store.claimStreams({
    kind: 'fire',
    now: LATER,
    limit: 10,
    worker: 'w1',
    leaseMs: 60_000,
  })
  await store.finishRuns(
    claims.map((claim) => finished(claim)),
    router,
  )
  return store
}

function trimmingOf(store: Store, oldBefore: number, archiveFolder = '/nosuch', keepMs = KEEP_MS) {
  return new Trimming({ store, archiveFolder, oldBefore: () => oldBefore, keepMs, logger: silentLogger })
}

const states = async (store: Store) => (await store.listStreams({}, PAGE)).map(({ state }) => state)
const ids = async (store: Store) => (await store.listEvents({}, PAGE)).map(({ messageId }) => messageId)

test('what is not old stays', async () => {
  const store = await filledStore()
  const trimming = trimmingOf(store, NOW)
  await trimming.round()
  expect(await states(store)).toEqual(['completed', 'active'])
  expect(await ids(store)).toEqual(['ended', 'open', 'alone'])
  expect(trimming.trimmed).toEqual({ streams: 0, events: 0, files: 0, deadLetters: 0 })
})

test('old streams that have ended and old events go, streams that wait keep theirs', async () => {
  const store = await filledStore()
  const trimming = trimmingOf(store, NOW + MICROS_PER_DAY, '/nosuch', -1000)
  await trimming.round()
  expect(await states(store)).toEqual(['active'])
  expect(await ids(store)).toEqual(['open'])
  expect(trimming.trimmed).toEqual({ streams: 1, events: 2, files: 0, deadLetters: 1 })
})

test('old files of the archive go, those that are being moved in do not', async () => {
  const folder = folderWith({ 'old.json': '', 'old.json.part': '', 'new.json': '' })
  const long = new Date(Date.now() - 2 * KEEP_MS)
  for (const name of ['old.json', 'old.json.part']) utimesSync(`${folder}/${name}`, long, long)
  const trimming = trimmingOf(await filledStore(), NOW, folder)
  await trimming.round()
  expect(readdirSync(folder).toSorted()).toEqual(['new.json', 'old.json.part'])
  expect(trimming.trimmed.files).toBe(1)
})

test('it goes on until it is stopped, also when it was never started', async () => {
  const store = await filledStore()
  const options = { store, archiveFolder: '/nosuch', keepMs: KEEP_MS, logger: silentLogger, everyMs: 1 }
  const trimming = new Trimming({ ...options, oldBefore: () => NOW + MICROS_PER_DAY })
  await trimming.start()
  await until('the events to go', () => trimming.trimmed.events === 2)
  await trimming.stop()
  await trimming.stop()
  await new Trimming({ ...options, oldBefore: () => NOW }).stop()
})
