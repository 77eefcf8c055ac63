import { expect, test } from 'vitest'
import { lowWatermark } from '../../../src/clock/low-watermark.ts'
import type { Stream } from '../../../src/domain/stream.ts'
import { commandOf, type ReplayGiven } from '../../../src/replay/given.ts'
import { KeptPosition, type KeptPositionOptions } from '../../../src/replay/kept-position.ts'
import type { ReplayPosition } from '../../../src/replay/records/replay-place.ts'
import { upgradeSchema } from '../../../src/store/schema/migrate.ts'
import { createSqlStore } from '../../../src/store/sql-store.ts'
import { openSqliteDatabase } from '../../../src/store/sqlite/sqlite-database.ts'
import type { Store } from '../../../src/store/store.ts'
import { at, event, routerOf } from '../../support/events.ts'
import { temporaryFolder } from '../../support/folders.ts'
import { NOW, PAGE } from '../../support/store-fixture.ts'

const WALL = at('2026-11-30T00:00:00')
const NEVER = new AbortController().signal

const positionAt = (time: string, record: number): ReplayPosition => ({
  at: at(time),
  place: { opened: 2, unfinished: [{ file: 1, from: record }] },
})

async function openStores() {
  const file = `${temporaryFolder()}/events.db`
  const open = async (writer: string, isReplay: boolean) => {
    const database = openSqliteDatabase(file)
    await upgradeSchema(database.db, database.dialect.types)
    return { database, store: await createSqlStore(database, { writer, isReplay }) }
  }
  return {
    first: await open('first', true),
    second: await open('second', true),
    live: await open('live', false),
  }
}

type Options = Partial<KeptPositionOptions>

const GIVEN: ReplayGiven = {
  names: ['/archive/done'],
  config: '/etc/stv3/yagi.conf',
  from: null,
  to: null,
  types: [],
  where: [],
  pipelines: 'on',
  publish: false,
}
const OTHER: ReplayGiven = { ...GIVEN, names: ['/other files'], pipelines: 'off' }

/** The position of a process of its own: each call is another one. */
function positionOn(store: Store, more: Options = {}): KeptPosition {
  const owner = `process-${processes++}`
  return new KeptPosition({ store, given: GIVEN, owner, wallNow: () => WALL, signal: NEVER, ...more })
}

let processes = 0

const storeOne = (store: Store, host: string) => {
  const router = routerOf({})
  const one = event({ host, eventType: 'a.end' })
  return store.storeBatch(
    { arrivals: [{ event: one, at: NOW, keys: router.keysOf(one) }], deadLetters: [] },
    router,
  )
}

const REQUEST = { kind: 'fire', now: WALL, limit: 10, worker: 'w', leaseMs: 60_000 } as const
const claimOn = (store: Store) => store.claimStreams(REQUEST)
const FILES = [{ path: '/archive/done/a.json', begin: ['00ff'], size: 12 }]

const hostOf = ({ distinguishingTraits: { host } }: Stream) =>
  host?.type === 'text' ? host.value : undefined

test('a replay holds nobody, and leaves nothing behind when it ends', async () => {
  const { first, second } = await openStores()
  const kept = positionOn(first.store)
  expect(await kept.takeOver()).toBeUndefined()
  await kept.begin(positionAt('2026-01-01T00:00:00', 0))
  await kept.report(positionAt('2026-01-02T00:00:00', 10))
  const reports = await second.store.readReports()
  expect(reports).toHaveLength(1)
  expect(lowWatermark(reports, { wallNow: WALL, patienceMs: 1e9 }).holds).toEqual([])
  await kept.end()
  await first.store.close()
  expect(await second.store.readReports()).toEqual([])
})

test('another process goes on where one has stopped in order, in the same files', async () => {
  const { first, second } = await openStores()
  const before = positionOn(first.store)
  await before.takeOver()
  await before.keepFiles(FILES)
  await before.begin(positionAt('2026-01-01T00:00:00', 0))
  await before.leave(positionAt('2026-01-03T00:00:00', 77))
  await first.store.close()
  const after = positionOn(second.store)
  const position = positionAt('2026-01-03T00:00:00', 77)
  expect(await after.takeOver()).toEqual({ position, files: FILES })
  await after.begin(position)
  expect(await second.store.readReports()).toHaveLength(1)
  await after.end()
  expect(await second.store.readReplay()).toBeUndefined()
  await second.store.close()
})

test('a process that was killed counts as dead after ten seconds', async () => {
  const { first, second } = await openStores()
  const killed = positionOn(first.store)
  await killed.takeOver()
  await killed.begin(positionAt('2026-01-01T00:00:00', 5))
  let waited = 0
  const stopping = new AbortController()
  const onWait = () => {
    waited++
    stopping.abort()
  }
  const stopped = positionOn(second.store, { signal: stopping.signal, onWait }).takeOver()
  await expect(stopped).rejects.toThrow('is still run by another process')
  expect(waited).toBe(1)
  await silence(second)
  const kept = await positionOn(second.store, { onWait }).takeOver()
  expect(kept?.position).toEqual(positionAt('2026-01-01T00:00:00', 5))
  expect(waited).toBe(1)
  // The first was asleep and not dead: it may change nothing any more.
  await expect(killed.end()).rejects.toThrow('another process has taken this replay over')
})

test('whoever comes second is refused before the first has stored anything', async () => {
  const { first, second } = await openStores()
  await positionOn(first.store).takeOver()
  await expect(positionOn(second.store, { given: OTHER }).takeOver()).rejects.toThrow(
    /^another replay runs on this database \(replay-.*, by first\); wait until it has ended$/,
  )
})

test('a process that goes on reporting is not waited for', async () => {
  const { first, second } = await openStores()
  const running = positionOn(first.store)
  await running.takeOver()
  const onWait = () => void setTimeout(() => running.report(positionAt('2026-01-01T00:00:00', 1)), 100)
  await expect(positionOn(second.store, { onWait }).takeOver()).rejects.toThrow(
    'these files are being replayed by another process, first; wait until it has ended',
  )
})

test('what begins and finds its files wanting leaves nothing behind', async () => {
  const { first, second } = await openStores()
  const failed = positionOn(first.store)
  await failed.takeOver()
  await failed.abandon()
  expect(await positionOn(second.store, { given: OTHER }).takeOver()).toBeUndefined()
})

function silence({ database }: Awaited<ReturnType<typeof openStores>>['second']) {
  return database.db
    .updateTable('writer')
    .set(({ eb }) => ({ heard_at: eb('heard_at', '-', 11_000_000) }))
    .execute()
}

test('no worker takes the streams of a replay before it has ended, and the replay takes no others', async () => {
  const { first, second, live } = await openStores()
  await storeOne(live.store, 'live')
  await storeOne(first.store, 'past')
  expect((await live.store.nextDue(true)).fire).not.toBeNull()
  const [own, ...none] = await claimOn(first.store)
  expect(own && hostOf(own.stream)).toBe('past')
  expect(none).toEqual([])
  expect((await claimOn(live.store)).map(({ stream }) => hostOf(stream))).toEqual(['live'])
  expect((await live.store.listStreams({ state: 'firing' }, PAGE)).length).toBe(2)
  // As after a kill -9.
  const after = positionOn(second.store)
  await after.takeOver()
  const orphan = await second.store.claimOrphan({ ...REQUEST, worker: 'w2' })
  expect(orphan?.stream.id).toBe(own?.stream.id)
  await storeOne(second.store, 'rest')
  await after.end()
  const claimed = (await claimOn(live.store)).map(({ stream }) => hostOf(stream))
  expect(claimed).toEqual(['rest'])
})

test('another replay is refused while one runs or is unfinished, unless its streams are released', async () => {
  const { first, second, live } = await openStores()
  const unfinished = positionOn(first.store)
  await unfinished.takeOver()
  await unfinished.begin(positionAt('2026-01-01T00:00:00', 0))
  await storeOne(first.store, 'past')
  const other = (more: Options = {}) => positionOn(second.store, { given: OTHER, ...more }).takeOver()
  await expect(other({ releasesOthers: true })).rejects.toThrow('another replay runs on this database')
  await silence(second)
  await expect(other()).rejects.toThrow(
    'another one comes first: a replay of /archive/done is unfinished, stopped at 2026-01-01T00:00:00; go on with it by `stv3 replay /archive/done -c /etc/stv3/yagi.conf`',
  )
  expect(await claimOn(live.store)).toEqual([])
  expect(await other({ releasesOthers: true })).toBeUndefined()
  expect(await claimOn(live.store)).toHaveLength(1)
  expect((await live.store.readReplay())?.given).toContain('/other files')
})

test('the command that goes on with a replay can be pasted into a shell', () => {
  const from = at('2026-01-01T00:00:00')
  const given = { ...OTHER, from, types: ['a.*', '!a.b'], where: ['host=h 1'], publish: true }
  expect(commandOf(given)).toBe(
    "stv3 replay '/other files' -c /etc/stv3/yagi.conf --from 2026-01-01T00:00:00 --types 'a.*,!a.b' --where 'host=h 1' --pipelines off --publish",
  )
})
