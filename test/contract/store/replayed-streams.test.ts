import { beforeEach, describe, expect, test } from 'vitest'
import type { Stream } from '../../../src/domain/stream.ts'
import { formatIso } from '../../../src/domain/time.ts'
import { createSqlStore } from '../../../src/store/sql-store.ts'
import type { Store } from '../../../src/store/store.ts'
import { DATABASES } from '../../support/databases.ts'
import { at, event, routerOf } from '../../support/events.ts'
import { finished, HOUR_MS, LATER, NOW, PAGE, StoreFixture } from '../../support/store-fixture.ts'

const hostOf = ({ distinguishingTraits: { host } }: Stream) =>
  host?.type === 'text' ? host.value : undefined

describe.each(DATABASES)('store on $name: streams of a replay', ({ open }) => {
  const fixture = new StoreFixture(open)
  const router = routerOf({})
  let live: Store
  let replay: Store
  beforeEach(async () => {
    live = fixture.store
    replay = await createSqlStore(fixture.database, { writer: 'replay', isReplay: true })
  })

  const put = (store: Store, host: string, eventType = 'a.end') => {
    const one = event({ host, eventType })
    const arrivals = [{ event: one, at: NOW, keys: router.keysOf(one) }]
    return store.storeBatch({ arrivals, deadLetters: [] }, router)
  }
  const claim = (store: Store, leaseMs = HOUR_MS) =>
    store.claimStreams({ kind: 'fire', now: LATER, limit: 10, worker: 'w', leaseMs })
  const hostsOn = async (store: Store) => (await claim(store)).map(({ stream }) => hostOf(stream))

  test('other workers neither see nor claim them, and it claims no others', async () => {
    await put(replay, 'past')
    expect(await live.nextDue(true)).toEqual({ fire: null, expire: null, retryInMs: null })
    expect(await hostsOn(live)).toEqual([])
    await put(live, 'present')
    expect(await hostsOn(replay)).toEqual(['past'])
    expect(await hostsOn(live)).toEqual(['present'])
    expect((await live.listStreams({ state: 'firing' }, PAGE)).map(hostOf).sort()).toEqual([
      'past',
      'present',
    ])
  })

  test('each lets events join the open stream of a key; one of the present gives the stream to the workers', async () => {
    await put(replay, 'a', 'a.begin')
    await put(live, 'a')
    await put(live, 'b', 'a.begin')
    await put(replay, 'b')
    expect(await hostsOn(replay)).toEqual([])
    expect((await hostsOn(live)).sort()).toEqual(['a', 'b'])
    expect((await live.listStreams({}, PAGE)).map(({ eventCount }) => eventCount)).toEqual([2, 2])
  })

  test('they are completed, fail and are tried again as others are', async () => {
    await put(replay, 'done')
    await put(replay, 'fails')
    await put(replay, 'waits')
    const claims = await claim(replay)
    const of = (host: string) =>
      claims.find(({ stream }) => hostOf(stream) === host) as (typeof claims)[number]
    await replay.finishRuns([finished(of('done'))], router)
    await replay.failRun({ claim: of('fails'), error: 'no', retryInMs: undefined })
    await replay.failRun({ claim: of('waits'), error: 'no', retryInMs: 0 })
    const states = (await live.listStreams({}, PAGE)).map(({ state }) => state)
    expect(states.sort()).toEqual(['completed', 'error', 'retry_fire'])
    expect(await hostsOn(live)).toEqual([])
    expect(await hostsOn(replay)).toEqual(['waits'])
    // What is in its error state belongs to the operator.
    expect(await live.resetStreams('error')).toBe(1)
    expect(await hostsOn(live)).toEqual(['fails'])
  })

  test('what a replay was running when it was killed is run again, by a replay only', async () => {
    await put(replay, 'a')
    expect(await claim(replay, 0)).toHaveLength(1)
    expect(
      await live.claimOrphan({ kind: 'fire', now: LATER, limit: 1, worker: 'w', leaseMs: HOUR_MS }),
    ).toBeUndefined()
    expect(await replay.resumeReplayed()).toBe(1)
    const orphan = () =>
      replay.claimOrphan({ kind: 'fire', now: LATER, limit: 1, worker: 'w', leaseMs: HOUR_MS })
    // Alone, and with the attempt that killed the process counted.
    expect((await orphan())?.stream).toMatchObject({ attempts: 2 })
    expect(await orphan()).toBeUndefined()
  })

  /** Stores an event of its own time; streams expire an hour after their last event. */
  const putAt = (store: Store, time: string, eventType = 'a.begin') => {
    const one = event({ host: 'h', eventType, timestamp: at(time) })
    const arrivals = [{ event: one, at: one.timestamp, keys: router.keysOf(one) }]
    return store.storeBatch({ arrivals, deadLetters: [] }, router)
  }
  const spans = async () =>
    (await live.listStreams({}, PAGE)).map(({ firstEvent, lastEvent, eventCount }) =>
      [formatIso(firstEvent).slice(5, 16), formatIso(lastEvent).slice(5, 16), eventCount].join(' '),
    )

  test('what is long past goes beside a stream of now, and what comes now goes on in that', async () => {
    await putAt(live, '2026-01-20T12:00:00')
    await putAt(replay, '2026-01-01T12:00:00')
    await putAt(live, '2026-01-20T12:10:00')
    await putAt(replay, '2026-01-01T12:10:00')
    await putAt(replay, '2026-01-01T14:00:00')
    expect(await spans()).toEqual([
      '01-20T12:00 01-20T12:10 2',
      '01-01T12:00 01-01T12:10 2',
      '01-01T14:00 01-01T14:00 1',
    ])
    const expire = {
      kind: 'expire',
      now: at('2026-01-02T00:00:00'),
      limit: 10,
      worker: 'w',
      leaseMs: HOUR_MS,
    } as const
    const claims = await replay.claimStreams(expire)
    expect(
      await replay.finishRuns(
        claims.map((claim) => finished(claim)),
        router,
      ),
    ).toHaveLength(2)
    // The stream of now still has its key.
    await putAt(live, '2026-01-20T12:20:00', 'a.end')
    expect((await spans())[0]).toBe('01-20T12:00 01-20T12:20 3')
  })

  test('a stream of now that takes the key of one of a replay leaves that to the replay', async () => {
    await putAt(replay, '2026-01-01T12:00:00')
    await putAt(live, '2026-01-20T12:00:00')
    await putAt(replay, '2026-01-01T12:10:00')
    await putAt(live, '2026-01-20T12:10:00')
    expect(await spans()).toEqual(['01-01T12:00 01-01T12:10 2', '01-20T12:00 01-20T12:10 2'])
  })

  test('a gap of a stream of now is filled, at its begin too where it would have been open', async () => {
    await putAt(live, '2026-01-20T12:00:00')
    await putAt(live, '2026-01-20T12:40:00')
    await putAt(replay, '2026-01-20T11:10:00')
    await putAt(replay, '2026-01-20T12:20:00')
    await putAt(replay, '2026-01-20T10:00:00')
    expect(await spans()).toEqual(['01-20T11:10 01-20T12:40 4', '01-20T10:00 01-20T10:00 1'])
  })

  test('a message that is a dead letter of some queue does not become one of the replay too', async () => {
    const letter = (queue: string, text: string) => ({
      stage: 'decode',
      reason: 'no JSON',
      queue,
      body: Buffer.from(text),
    })
    const keep = (store: Store, ...deadLetters: ReturnType<typeof letter>[]) =>
      store.storeBatch({ arrivals: [], deadLetters }, router)
    await keep(live, letter('monitor.info', 'a'))
    await keep(replay, letter('replay', 'a'), letter('replay', 'b'))
    await keep(replay, letter('replay', 'b'))
    const kept = await live.listDeadLetters({}, PAGE)
    expect(kept.map(({ queue, body }) => [queue, String(body)])).toEqual([
      ['monitor.info', 'a'],
      ['replay', 'b'],
    ])
  })

  test('of two that change the record at once the second sees what the first has made of it', async () => {
    // One file of SQLite has one connection, whose transactions follow upon each other.
    const [a, b] = [live, replay].map((store, index) =>
      store.changeReplay((record) => {
        if (record) return undefined
        const owner = String(index)
        return { record: { name: 'replay-1', owner, startedAt: NOW, given: '{}', files: null } }
      }),
    )
    expect(await a).toEqual(await b)
    expect(await live.readReplay()).toEqual(await a)
    await replay.changeReplay(() => ({ record: undefined }))
    expect(await live.readReplay()).toBeUndefined()
  })

  test('they are released to the workers step by step', async () => {
    for (const host of ['a', 'b', 'c']) await put(replay, host)
    expect(await replay.releaseReplayed({ limit: 2, now: NOW, past: 'quiet' })).toBe(2)
    expect(await replay.releaseReplayed({ limit: 2, now: NOW, past: 'quiet' })).toBe(1)
    expect(await replay.releaseReplayed({ limit: 2, now: NOW, past: 'quiet' })).toBe(0)
    expect((await hostsOn(live)).sort()).toEqual(['a', 'b', 'c'])
  })

  test('of a replay without pipelines what is due is completed when it is released, and nothing runs', async () => {
    await put(replay, 'due')
    await put(replay, 'open', 'a.begin')
    const release = { limit: 10, now: NOW + 1, past: 'completed' } as const
    expect(await replay.releaseReplayed(release)).toBe(2)
    expect(await hostsOn(live)).toEqual([])
    const states = new Map((await live.listStreams({}, PAGE)).map((one) => [hostOf(one), one.state]))
    expect(Object.fromEntries(states)).toEqual({ due: 'completed', open: 'active' })
  })
})
