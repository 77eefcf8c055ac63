import { afterEach, beforeEach, expect, test } from 'vitest'
import { TransientError } from '../../src/domain/errors.ts'
import { openMysqlDatabase } from '../../src/store/mysql/mysql-database.ts'
import type { FinishedRun } from '../../src/store/ports/stream-runs.ts'
import { upgradeSchema } from '../../src/store/schema/migrate.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import type { Store } from '../../src/store/store.ts'
import { createTestDatabase } from '../support/databases.ts'
import { at, event, routerOf } from '../support/events.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'

const NOW = at('2026-01-01T00:00:00')
const ALL = { limit: 1000, mark: undefined, ascending: true }
/** More than any of these transactions has. */
const MOST_REQUESTS = 40

const router = routerOf({ match_criteria: [{ event_type: 'x.*' }], fire_criteria: [{ event_type: 'x.end' }] })

let proxy: TcpProxy
let store: Store
let observer: Store

beforeEach(async () => {
  const url = await createTestDatabase()
  proxy = await TcpProxy.start(url)
  const database = await openMysqlDatabase({ url: new URL(url) })
  await upgradeSchema(database.db, database.dialect.types)
  observer = await createSqlStore(database)
  const through = await openMysqlDatabase({ url: new URL(proxy.urlOf(url)), connections: 1 })
  store = await createSqlStore(through, { writer: 'test', indexedTraits: ['host'] })
  // Types are given their ids beforehand, in a transaction of their own.
  await put('warm')
})

afterEach(async () => {
  proxy.spare()
  await store.close()
  await observer.close()
  await proxy.stop()
})

async function put(messageId: string, eventType = 'x.end') {
  const one = event({ messageId, host: messageId, eventType, timestamp: NOW })
  const arrivals = [{ event: one, at: NOW, keys: router.keysOf(one) }]
  return store.storeBatch({ arrivals, deadLetters: [] }, router)
}

/** Cuts the work at each of its requests in turn, until one number is beyond its last. */
async function atEachRequest(
  isCarriedOut: boolean,
  work: (number: number) => Promise<void>,
): Promise<number> {
  for (let number = 1; number <= MOST_REQUESTS; number++) {
    let isCut = false
    void proxy.cutAtRequest(number, isCarriedOut).then(() => {
      isCut = true
    })
    await work(number)
    proxy.spare()
    if (!isCut) return number - 1
  }
  throw new Error('the work has more requests than expected')
}

/** What a connection that is cut makes of work: it can be done again, and is not the fault of what was stored. */
async function untilDone(work: () => Promise<unknown>): Promise<void> {
  await work().catch((error) => {
    expect(error).toBeInstanceOf(TransientError)
    return work()
  })
}

test.each([
  ['before it arrives', false],
  ['after it was carried out', true],
])('storing one message, the connection cut at any request, %s', async (_, isCarriedOut) => {
  const cuts = await atEachRequest(isCarriedOut, async (number) => {
    await untilDone(() => put(`m${number}`))
  })
  expect(cuts).toBeGreaterThan(8)
  const events = await observer.listEvents({}, ALL)
  expect(events).toHaveLength(cuts + 2)
  const streams = await observer.listStreams({}, ALL)
  expect(streams).toHaveLength(cuts + 2)
  expect(streams.every(({ eventCount, fireTimestamp }) => eventCount === 1 && fireTimestamp === NOW)).toBe(
    true,
  )
  const members = await observer.eventsOfStreams(streams.map(({ id }) => id))
  expect([...members.values()].map(({ length }) => length)).toEqual(streams.map(() => 1))
})

test.each([
  ['before it arrives', false],
  ['after it was carried out', true],
])('finishing one stream, the connection cut at any request, %s', async (_, isCarriedOut) => {
  const request = { kind: 'fire', now: NOW + 1, limit: 1, worker: 'w', leaseMs: 60_000 } as const
  const [warm] = await store.claimStreams(request)
  if (warm) await store.finishRuns([runOf(warm, 'made-warm')], router)
  const cuts = await atEachRequest(isCarriedOut, async (number) => {
    await observer.storeBatch(batchOf(`m${number}`), router)
    const [claim] = await observer.claimStreams(request)
    if (!claim) throw new Error('there is nothing to claim')
    await untilDone(() => store.finishRuns([runOf(claim, `made-${number}`)], router))
  })
  expect(cuts).toBeGreaterThan(8)
  const streams = await observer.listStreams({}, ALL)
  expect(new Set(streams.map(({ state }) => state))).toEqual(new Set(['completed']))
  expect(await observer.listEvents({ eventType: 'made' }, ALL)).toHaveLength(cuts + 2)
})

test('transactions that are made and told to have timed out are repeated, and change nothing twice', async () => {
  const request = { kind: 'fire', now: NOW + 1, limit: 10, worker: 'w', leaseMs: 60_000 } as const
  // A new type of event has a transaction of its own.
  await put('made-0', 'made')
  let left = 1
  proxy.treat('commit', () => (left-- > 0 ? 'time-out' : 'pass'))
  expect(await put('m')).toMatchObject({ stored: 0, duplicates: 1 })
  const claims = await store.claimStreams(request)
  expect(claims).toHaveLength(2)
  left = 1
  // Another try finds that somebody has finished them: this store itself.
  expect(
    await store.finishRuns(
      claims.map((claim) => runOf(claim, `made-${claim.stream.id}`)),
      router,
    ),
  ).toEqual(new Set())
  expect(left).toBe(0)
  expect(await observer.countEvents({}, ALL)).toBe(5)
  const streams = await observer.listStreams({}, ALL)
  expect(streams.map(({ state, eventCount }) => [state, eventCount])).toEqual([
    ['completed', 1],
    ['completed', 1],
  ])
})

test('a server that is silent for too long counts as away', async () => {
  const url = await createTestDatabase()
  const database = await openMysqlDatabase({ url: new URL(url) })
  await upgradeSchema(database.db, database.dialect.types)
  await database.db.destroy()
  const silent = await openMysqlDatabase({ url: new URL(proxy.urlOf(url)), connections: 1, silenceMs: 3000 })
  const waiting = await createSqlStore(silent)
  proxy.hold()
  await expect(waiting.findEvent('m')).rejects.toBeInstanceOf(TransientError)
  proxy.cut()
  await waiting.close()
})

function batchOf(messageId: string) {
  const one = event({ messageId, host: messageId, eventType: 'x.end', timestamp: NOW })
  return { arrivals: [{ event: one, at: NOW, keys: router.keysOf(one) }], deadLetters: [] }
}

function runOf(claim: FinishedRun['claim'], messageId: string): FinishedRun {
  const made = event({ messageId, eventType: 'made', timestamp: NOW })
  const newEvents = [{ event: made, at: NOW, keys: router.keysOf(made) }]
  return { claim, newEvents, purge: false, lastError: null }
}
