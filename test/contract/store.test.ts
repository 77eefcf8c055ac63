import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Event } from '../../src/domain/event.ts'
import type { Micros } from '../../src/domain/time.ts'
import type { OpenDatabase } from '../../src/store/dialect.ts'
import type { Page } from '../../src/store/ports/queries.ts'
import type { ClaimedStream } from '../../src/store/ports/stream-runs.ts'
import type { TrimPlace } from '../../src/store/ports/upkeep.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import type { Store } from '../../src/store/store.ts'
import type { TriggerRouter } from '../../src/streams/router.ts'
import { DATABASES } from '../support/databases.ts'
import { at, event, routerOf } from '../support/events.ts'

const NOW = at('2026-01-01T00:00:00')
const LATER = at('2026-01-01T12:00:00')
const PAGE = { limit: 100, mark: undefined, ascending: true }
const HOUR_MS = 3_600_000

describe.each(DATABASES)('store on $name', ({ open }) => {
  let database: OpenDatabase
  let store: Store

  beforeEach(async () => {
    database = await open()
    store = await createSqlStore(database, { writer: 'test', indexedTraits: ['host'] })
  })

  afterEach(async () => {
    await store.close()
  })

  let counter = 0

  async function put(router: TriggerRouter, events: readonly Event[], now: Micros = NOW) {
    const arrivals = events.map((one) => ({ event: one, at: now, keys: router.keysOf(one) }))
    return store.storeBatch({ arrivals, deadLetters: [] }, router)
  }

  function claim(kind: 'fire' | 'expire' = 'fire', now: Micros = LATER, leaseMs = HOUR_MS) {
    return store.claimStreams({ kind, now, limit: 10, worker: 'w1', leaseMs })
  }

  function finished(claimed: ClaimedStream, purge = false) {
    return { claim: claimed, newEvents: [], purge, lastError: null }
  }

  async function states() {
    return (await store.listStreams({}, PAGE)).map(({ state }) => state)
  }

  async function messageIds(streamId: number) {
    return (await store.eventsOfStreams([streamId])).get(streamId)?.map(({ messageId }) => messageId)
  }

  test('keeps every type of trait as it was', async () => {
    const traits = {
      text: { type: 'text', value: 'nörd \u{1f980} \\ \' " \0 x'.repeat(200) },
      int: { type: 'int', value: 3 },
      big: { type: 'int', value: -9_223_372_036_854_775_808n },
      float: { type: 'float', value: 3 },
      time: { type: 'datetime', value: at('2026-01-01T00:00:00.000001') },
    } as const
    const stored = event({ messageId: 'A', traits })
    await put(routerOf(), [stored])
    expect(await store.findEvent('A')).toEqual({ ...stored, id: 1 })
    expect(await store.findEvent('a')).toBeUndefined()
  })

  test('keeps ids and texts as they are, whatever characters they hold', async () => {
    const texts = fc.string({ unit: 'grapheme', maxLength: 60 })
    const nasty = fc.constantFrom(
      "'",
      '"',
      '\\',
      "\\'",
      '\0',
      '\n',
      '%',
      '?',
      '`',
      "'; drop table event; -- ",
      '\u{1f980}',
    )
    const one = fc.array(fc.oneof(texts, nasty), { maxLength: 5 }).map((parts) => parts.join(''))
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(one, { minLength: 1, maxLength: 20 }), async (ids) => {
        const events = ids.map((id) =>
          event({
            messageId: `${id.slice(0, 200)}#${counter++}`,
            traits: { text: { type: 'text', value: id } },
          }),
        )
        await put(routerOf(), events)
        for (const stored of events) expect(await store.findEvent(stored.messageId)).toMatchObject(stored)
      }),
      { numRuns: 25 },
    )
  })

  test('stores a message once, in one batch or in two, whatever its time', async () => {
    const router = routerOf({})
    const first = event({ messageId: 'same', host: 'h' })
    const again = { ...first, timestamp: LATER }
    expect(await put(router, [first, again])).toEqual({ stored: 1, duplicates: 1 })
    expect(await put(router, [again])).toEqual({ stored: 0, duplicates: 1 })
    expect((await store.listStreams({}, PAGE)).map(({ eventCount }) => eventCount)).toEqual([1])
    expect(await store.findEvent('same')).toMatchObject({ timestamp: NOW })
  })

  /** Arrivals whose rows are encoded, as those of a consumer. */
  function encodedArrivals(router: TriggerRouter, ids: readonly string[]) {
    return ids.map((messageId) => {
      const one = event({ messageId, host: 'h' })
      return { event: one, encoded: store.encode(one), at: NOW, keys: router.keysOf(one) }
    })
  }

  test('stores once what was stored after it was looked up ahead, by this store or by another', async () => {
    const router = routerOf({})
    await put(router, [event({ messageId: 'before', host: 'h' })])
    const arrivals = encodedArrivals(router, ['before', 'here', 'elsewhere', 'new'])
    await store.warmUp(arrivals)
    await put(router, [event({ messageId: 'here', host: 'h' })])
    const other = await createSqlStore(database, { writer: 'other', indexedTraits: ['host'] })
    const [, , elsewhere] = arrivals
    if (elsewhere)
      await other.storeBatch(
        {
          arrivals: [
            { ...elsewhere, encoded: undefined, event: event({ messageId: 'elsewhere', host: 'h' }) },
          ],
          deadLetters: [],
        },
        router,
      )
    expect(await store.storeBatch({ arrivals, deadLetters: [] }, router)).toEqual({
      stored: 1,
      duplicates: 3,
    })
    expect((await store.listStreams({}, PAGE)).map(({ eventCount }) => eventCount)).toEqual([4])
  })

  test('stores once what nothing spoke for looking up', async () => {
    const router = routerOf({})
    const other = await createSqlStore(database, { writer: 'other', indexedTraits: ['host'] })
    await other.storeBatch(
      {
        arrivals: ['before', 'then'].map((messageId) => {
          const one = event({ messageId, host: 'h' })
          return { event: one, at: NOW, keys: router.keysOf(one) }
        }),
        deadLetters: [],
      },
      router,
    )
    // Look-ups that find nothing are given up, until an insert fails; a slow machine may not come to that.
    for (let n = 0; n < 50; n++) await store.warmUp(encodedArrivals(router, [`never-${n}`]))
    for (const [repeat, fresh] of [
      ['before', 'a'],
      ['then', 'b'],
    ] as const) {
      const arrivals = encodedArrivals(router, [repeat, fresh])
      await store.warmUp(arrivals)
      expect(await store.storeBatch({ arrivals, deadLetters: [] }, router)).toEqual({
        stored: 1,
        duplicates: 1,
      })
    }
    expect((await store.listStreams({}, PAGE)).map(({ eventCount }) => eventCount)).toEqual([4])
  })

  test('stores what it has seen in the database when it is there no more', async () => {
    const router = routerOf()
    const arrivals = encodedArrivals(router, ['a', 'b'])
    await store.warmUp(arrivals.slice(0, 1))
    await put(router, [event({ messageId: 'a', host: 'h' }), event({ messageId: 'b', host: 'h' })])
    await store.warmUp(arrivals.slice(1))
    await database.db.deleteFrom('event').execute()
    expect(await store.storeBatch({ arrivals, deadLetters: [] }, router)).toEqual({
      stored: 2,
      duplicates: 0,
    })
  })

  test('stores what was looked up ahead after its transaction was rolled back', async () => {
    const router = routerOf({})
    const arrivals = encodedArrivals(router, ['a', 'b'])
    await store.warmUp(arrivals)
    const broken = {
      isStale: () => false,
      route: () => {
        throw new Error('broken')
      },
    }
    await expect(store.storeBatch({ arrivals, deadLetters: [] }, broken)).rejects.toThrow('broken')
    expect(await store.storeBatch({ arrivals, deadLetters: [] }, router)).toEqual({
      stored: 2,
      duplicates: 0,
    })
    expect(await store.storeBatch({ arrivals, deadLetters: [] }, router)).toEqual({
      stored: 0,
      duplicates: 2,
    })
  })

  test('tells message ids and event types apart byte for byte', async () => {
    await put(routerOf(), [
      event({ messageId: 'x', eventType: 'T' }),
      event({ messageId: 'X', eventType: 't' }),
      event({ messageId: 'x ', eventType: 't ' }),
    ])
    expect(await store.countEvents({}, PAGE)).toBe(3)
    expect(await store.countEvents({ eventType: 't' }, PAGE)).toBe(1)
    expect(await store.countEvents({ eventType: 'nosuch' }, PAGE)).toBe(0)
  })

  test('joins events to one stream per key, in order of time', async () => {
    const router = routerOf({})
    const late = event({ host: 'a', timestamp: at('2025-12-31T23:00:00') })
    const early = event({ host: 'a' })
    await put(router, [early, event({ host: 'b' }), late])
    const [a, b] = await store.listStreams({}, PAGE)
    expect(await messageIds(a?.id as number)).toEqual([late.messageId, early.messageId])
    expect(a).toMatchObject({ eventCount: 2, firstEvent: late.timestamp, lastEvent: early.timestamp })
    expect(b).toMatchObject({ eventCount: 1, distinguishingTraits: { host: { type: 'text', value: 'b' } } })
  })

  test('an event joins the streams of several triggers', async () => {
    const router = routerOf({ name: 'one' }, { name: 'two', distinguished_by: [] })
    await put(router, [event({ host: 'a' }), event({ host: 'b' })])
    const streams = await store.listStreams({}, PAGE)
    expect(streams.map(({ name, eventCount }) => [name, eventCount])).toEqual([
      ['one', 1],
      ['two', 2],
      ['one', 1],
    ])
  })

  test('fires once criteria are met, however the events come in batches', async () => {
    const router = routerOf({ fire_criteria: [{ event_type: '*.end', number: 2 }], fire_delay: 60 })
    await put(router, [event({ host: 'a', eventType: 'x.end' })])
    expect(await claim()).toEqual([])
    await put(router, [event({ host: 'a', eventType: 'y.end' })])
    const [stream] = await store.listStreams({}, PAGE)
    expect(stream).toMatchObject({ fireTimestamp: NOW + 60_000_000 })
    expect(await claim('fire', NOW + 60_000_000)).toEqual([])
    const claims = await claim('fire', NOW + 60_000_001)
    expect(claims).toMatchObject([
      { kind: 'fire', takenOver: false, stream: { state: 'firing', attempts: 1 } },
    ])
    expect(await claim('fire', NOW + 60_000_001)).toEqual([])
  })

  test('changed fire criteria count the past again', async () => {
    await put(routerOf({}), [event({ host: 'a', eventType: 'x.done' }), event({ host: 'a' })])
    const changed = routerOf({
      fire_criteria: [{ event_type: 'x.done' }, { event_type: 'test.*', number: 2 }],
    })
    await put(changed, [event({ host: 'a' })])
    expect(await claim()).toHaveLength(1)
  })

  test('a program that was just started counts the past again too', async () => {
    await put(routerOf({}), [event({ host: 'a', eventType: 'x.done' })])
    store = await createSqlStore(database, { writer: 'another' })
    const changed = routerOf({ fire_criteria: [{ event_type: 'x.done' }] })
    await put(changed, [event({ host: 'a', eventType: 'x.next' })])
    expect(await claim()).toHaveLength(1)
  })

  test('an event after the expiry opens a new stream', async () => {
    const router = routerOf({})
    await put(router, [event({ host: 'a' })], NOW)
    const expiry = NOW + HOUR_MS * 1000
    await put(router, [event({ host: 'a' })], expiry - 1)
    await put(router, [event({ host: 'a' })], expiry)
    expect((await store.listStreams({}, PAGE)).map(({ eventCount }) => eventCount)).toEqual([2, 1])
    expect(await claim('expire', expiry)).toEqual([])
    expect(await claim('expire', expiry + 1)).toHaveLength(2)
  })

  test('streams born expired take one event each, also within a batch', async () => {
    const router = routerOf({})
    await put(router, [event({ host: 'a' }), event({ host: 'a' })], LATER)
    expect(await states()).toEqual(['active', 'active'])
  })

  test('an event that comes while its stream runs opens a new one that takes the next events', async () => {
    const router = routerOf({})
    await put(router, [event({ host: 'a', eventType: 'x.end' })])
    const [claimed] = await claim()
    await put(router, [event({ host: 'a' })])
    expect(await store.finishRuns([finished(claimed as ClaimedStream)], router)).toEqual(new Set([1]))
    await put(router, [event({ host: 'a' })])
    const streams = await store.listStreams({}, PAGE)
    expect(streams.map(({ state, eventCount }) => [state, eventCount])).toEqual([
      ['completed', 1],
      ['active', 2],
    ])
  })

  test('purging deletes the stream and keeps its events', async () => {
    const router = routerOf({})
    await put(router, [event({ messageId: 'kept', host: 'a', eventType: 'x.end' })])
    const [claimed] = await claim()
    await store.finishRuns([finished(claimed as ClaimedStream, true)], router)
    expect(await states()).toEqual([])
    expect(await store.findEvent('kept')).toBeDefined()
    await put(router, [event({ host: 'a' })])
    expect((await store.listStreams({}, PAGE)).map(({ id }) => id)).toEqual([2])
  })

  test('events that a pipeline made are routed before its own stream is completed', async () => {
    const router = routerOf({ fire_criteria: [{ event_type: '*.end' }] })
    await put(router, [event({ host: 'a', eventType: 'x.end' })])
    const [claimed] = await claim()
    const made = event({ messageId: 'made', host: 'a', eventType: 'made' })
    const newEvents = [{ event: made, at: LATER, keys: router.keysOf(made) }]
    const run = { claim: claimed as ClaimedStream, newEvents, purge: false, lastError: 'commit failed' }
    expect(await store.finishRuns([run], router)).toEqual(new Set([1]))
    const streams = await store.listStreams({}, PAGE)
    expect(streams).toMatchObject([
      { state: 'completed', generation: 0, lastError: 'commit failed' },
      { state: 'active', generation: 1 },
    ])
  })

  test('a worker whose lease was taken over changes nothing', async () => {
    const router = routerOf({})
    await put(router, [event({ host: 'a', eventType: 'x.end' })])
    const [slow] = await claim('fire', LATER, -1000)
    const request = { kind: 'fire', now: LATER, limit: 9, worker: 'w2', leaseMs: HOUR_MS } as const
    expect(await store.claimStreams(request)).toEqual([])
    const next = await store.claimOrphan(request)
    expect(await store.claimOrphan(request)).toBeUndefined()
    expect(next).toMatchObject({ takenOver: true, stream: { attempts: 2 } })
    const made = event({ messageId: 'made', host: 'b' })
    const newEvents = [{ event: made, at: LATER, keys: router.keysOf(made) }]
    const run = finished(slow as ClaimedStream)
    expect(await store.finishRuns([run, { ...run, newEvents }], router)).toEqual(new Set())
    expect(await store.failRun({ claim: slow as ClaimedStream, error: 'x', retryInMs: undefined })).toBe(
      false,
    )
    expect(await store.renewLeases([slow as ClaimedStream], HOUR_MS)).toEqual(new Set())
    expect(await store.renewLeases([next as ClaimedStream], HOUR_MS)).toEqual(new Set([1]))
    expect(await store.findEvent('made')).toBeUndefined()
    expect(await states()).toEqual(['firing'])
  })

  test('runs that made events are finished together, but for those whose lease had gone', async () => {
    const router = routerOf({ fire_criteria: [{ event_type: '*.end' }] })
    const hosts = ['a', 'b', 'c']
    await put(
      router,
      hosts.map((host) => event({ host, eventType: 'x.end' })),
    )
    const claims = await claim('fire', LATER, -1000)
    const lost = claims[1] as ClaimedStream
    const request = { kind: 'fire', now: LATER, limit: 9, worker: 'w2', leaseMs: HOUR_MS } as const
    // Another worker has taken one of them over.
    while ((await store.findStream(lost.stream.id))?.attempts === 1) await store.claimOrphan(request)
    const stillHeld = claims.filter(({ stream }) => stream !== lost.stream)
    const held: ClaimedStream[] = []
    for (const one of stillHeld) {
      const now = await store.findStream(one.stream.id)
      if (now?.stateSerialNo === one.stream.stateSerialNo) held.push(one)
    }
    const runs = claims.map((one, index) => {
      const made = event({ messageId: `made-${index}`, host: 'same', eventType: 'made' })
      return { ...finished(one), newEvents: [{ event: made, at: LATER, keys: router.keysOf(made) }] }
    })
    expect(await store.finishRuns(runs, router)).toEqual(new Set(held.map(({ stream }) => stream.id)))
    expect(held.length).toBeLessThan(3)
    for (const [index, one] of claims.entries()) {
      const isStored = (await store.findEvent(`made-${index}`)) !== undefined
      expect(isStored).toBe(held.includes(one))
    }
    const open = (await store.listStreams({ state: 'active' }, PAGE)).map(({ eventCount }) => eventCount)
    expect(open).toEqual(held.length > 0 ? [held.length] : [])
  })

  test('what runs of different generations make is of the generation after each', async () => {
    const router = routerOf({ fire_criteria: [{ event_type: '*.end' }] })
    const make = async (claims: readonly ClaimedStream[], suffix: string) => {
      const runs = claims.map((one) => {
        const made = event({
          messageId: `${one.stream.id}-${suffix}`,
          host: `${one.stream.id}`,
          eventType: 'x.end',
        })
        return { ...finished(one), newEvents: [{ event: made, at: LATER, keys: router.keysOf(made) }] }
      })
      expect((await store.finishRuns(runs, router)).size).toBe(claims.length)
    }
    await put(router, [event({ host: 'a', eventType: 'x.end' })])
    await make(await claim('fire', LATER), 'first')
    await put(router, [event({ host: 'b', eventType: 'x.end' })], LATER)
    await make(await claim('fire', LATER + 1), 'second')
    const generations = (await store.listStreams({}, PAGE)).map(({ generation }) => generation)
    expect(generations.sort()).toEqual([0, 0, 1, 1, 2])
  })

  test('a failed run waits for its retry, then errs, and can be reset', async () => {
    const router = routerOf({})
    await put(router, [event({ host: 'a', eventType: 'x.end' })])
    const [first] = await claim()
    expect(await store.failRun({ claim: first as ClaimedStream, error: 'boom', retryInMs: HOUR_MS })).toBe(
      true,
    )
    expect(await states()).toEqual(['retry_fire'])
    expect(await claim()).toEqual([])
    await store.resetStreams('error')
    expect(await states()).toEqual(['retry_fire'])
  })

  test('what is due next: the first to fire, the first to expire, the first retry or end of a lease', async () => {
    const router = routerOf({ fire_criteria: [{ event_type: 'x.end' }], expiration: '$last + 1h' })
    expect(await store.nextDue(true)).toEqual({ fire: null, expire: null, retryInMs: null })
    await put(router, [event({ host: 'b', timestamp: NOW + 5 }), event({ host: 'a', timestamp: NOW })])
    const expire = NOW + 3_600_000_000
    expect(await store.nextDue(true)).toEqual({ fire: null, expire, retryInMs: null })
    await put(router, [event({ host: 'b', eventType: 'x.end', timestamp: NOW })], NOW + 7)
    expect(await store.nextDue(true)).toEqual({ fire: NOW + 7, expire, retryInMs: null })

    const [claimed] = await claim()
    const running = await store.nextDue(true)
    expect(running).toMatchObject({ fire: null, expire })
    expect(running.retryInMs).toBeGreaterThan(HOUR_MS / 2)
    expect(running.retryInMs).toBeLessThanOrEqual(HOUR_MS)
    await store.failRun({ claim: claimed as ClaimedStream, error: 'away', retryInMs: 2 * HOUR_MS })
    const failed = await store.nextDue(true)
    expect(failed.retryInMs).toBeGreaterThan(HOUR_MS)
  })

  test('a stream that was reset may run at once', async () => {
    const router = routerOf({ fire_criteria: [{ event_type: 'x.end' }] })
    await put(router, [event({ host: 'a', eventType: 'x.end', timestamp: NOW })])
    const [claimed] = await claim()
    await store.failRun({ claim: claimed as ClaimedStream, error: 'bad', retryInMs: undefined })
    expect(await store.nextDue(true)).toMatchObject({ fire: null, retryInMs: null })
    await store.resetStreams('error')
    expect((await store.nextDue(true)).retryInMs).toBeLessThan(0)
  })

  test('retries get their share however many streams are due for the first time', async () => {
    const router = routerOf({})
    await put(router, [event({ host: 'failed', eventType: 'x.end' })])
    const [first] = await claim()
    await store.failRun({ claim: first as ClaimedStream, error: 'boom', retryInMs: 0 })
    await put(
      router,
      Array.from({ length: 20 }, (_, n) => event({ host: `h${n}`, eventType: 'x.end' })),
    )
    const claims = await claim()
    expect(claims).toHaveLength(10)
    expect(claims.filter(({ stream }) => stream.attempts === 2)).toHaveLength(1)
  })

  test('claims of which nothing was run go back, their attempts not counted', async () => {
    const router = routerOf({ fire_criteria: [{ event_type: 'x.end' }] })
    const ends = ['a', 'b'].map((host) => event({ host, eventType: 'x.end', timestamp: NOW }))
    await put(router, ends)
    const claims = await claim()
    // The first was taken over meanwhile.
    await store.failRun({ claim: claims[0] as ClaimedStream, error: 'slow', retryInMs: HOUR_MS })
    await store.releaseClaims(claims)
    const again = await claim()
    expect(again.map(({ stream }) => [stream.id, stream.attempts])).toEqual([[claims[1]?.stream.id, 1]])
    await store.releaseClaims([])
    await store.releaseClaims(again, HOUR_MS)
    expect(await claim()).toEqual([])
    expect((await store.nextDue(true)).retryInMs).toBeGreaterThan(HOUR_MS / 2)
  })

  test('a stream that was taken over is given back to be taken over again, alone', async () => {
    await put(routerOf({}), [event({ host: 'a', eventType: 'x.end' })])
    await claim('fire', LATER, -1)
    const takeOver = () =>
      store.claimOrphan({ kind: 'fire', now: NOW + 1, limit: 10, worker: 'w', leaseMs: 60_000 })
    const taken = await takeOver()
    expect(taken).toMatchObject({ takenOver: true, stream: { attempts: 2 } })
    expect(await takeOver()).toBeUndefined()
    await store.releaseClaims([taken as ClaimedStream])
    expect(await claim()).toEqual([])
    expect(await takeOver()).toMatchObject({ takenOver: true, stream: { attempts: 2 } })
  })

  test('the error state can be reset, its attempts forgotten', async () => {
    const router = routerOf({ expire_pipeline: 'gone' })
    await put(router, [event({ host: 'a' })])
    const [claimed] = await claim('expire')
    await store.failRun({ claim: claimed as ClaimedStream, error: 'boom', retryInMs: undefined })
    expect(await store.listStreams({ state: 'expire_error' }, PAGE)).toMatchObject([{ lastError: 'boom' }])
    expect(await store.resetStreams('error')).toBe(0)
    expect(await store.resetStreams('expire_error')).toBe(1)
    expect(await claim('fire')).toEqual([])
    expect(await claim('expire')).toMatchObject([{ stream: { attempts: 1 } }])
  })

  test('pages go down from the newest and up from the oldest', async () => {
    await put(
      routerOf({}),
      [1, 2, 3, 4, 5].map((n) => event({ host: `h${n}`, eventType: `t${n % 2}` })),
    )
    const ids = async (limit: number, mark: number | undefined, ascending: boolean) =>
      (await store.listEvents({}, { limit, mark, ascending })).map(({ id }) => id)
    expect(await ids(2, undefined, false)).toEqual([5, 4])
    expect(await ids(2, 4, false)).toEqual([3, 2])
    expect(await ids(2, undefined, true)).toEqual([1, 2])
    expect(await ids(9, 3, true)).toEqual([4, 5])
    expect(await store.countEvents({ eventType: 't1' }, { limit: 1, mark: 3, ascending: true })).toBe(1)
    expect(await store.countStreams({ name: 'trigger' }, { limit: 1, mark: 2, ascending: false })).toBe(1)
  })

  test('dead letters are kept with the batch they came with', async () => {
    const body = Buffer.from([0, 255, 1])
    const letter = { stage: 'decode', reason: 'not JSON', queue: 'q', body }
    await store.storeBatch({ arrivals: [], deadLetters: [letter] }, routerOf())
    expect(await store.listDeadLetters({}, { limit: 5, mark: undefined, ascending: false })).toMatchObject([
      letter,
    ])
    // Delivered again after a crash, or twice in one batch.
    await store.storeBatch({ arrivals: [], deadLetters: [letter, letter] }, routerOf())
    expect(await store.listDeadLetters({}, { limit: 5, mark: undefined, ascending: false })).toHaveLength(1)
  })

  test('dead letters are found, told anew and dropped by what they are', async () => {
    const letters = [
      { stage: 'decode', reason: 'a', queue: 'q1', body: Buffer.from('1') },
      { stage: 'distill', reason: 'b', queue: 'q1', body: Buffer.from('2') },
      { stage: 'distill', reason: 'c', queue: 'q2', body: Buffer.from('3') },
    ]
    await store.storeBatch({ arrivals: [], deadLetters: letters }, routerOf())
    const reasons = async (filter: object, page: Page = PAGE) =>
      (await store.listDeadLetters(filter, page)).map(({ reason }) => reason)
    expect(await reasons({ stage: 'distill' })).toEqual(['b', 'c'])
    expect(await reasons({ queue: 'q1' }, { ...PAGE, ascending: false })).toEqual(['b', 'a'])
    expect(await reasons({}, { limit: 1, mark: 1, ascending: true })).toEqual(['b'])
    expect(await reasons({ ids: [1, 3] })).toEqual(['a', 'c'])
    expect(await reasons({ ids: [] })).toEqual([])
    const [first] = await store.listDeadLetters({}, PAGE)
    expect(await reasons({ since: first?.at })).toEqual([])
    expect(await reasons({ until: (first?.at ?? 0) + 1 })).toEqual(['a', 'b', 'c'])
    await store.noteDeadLetter(1, 'validate', 'anew')
    expect(await store.listDeadLetters({ ids: [1] }, PAGE)).toMatchObject([
      { stage: 'validate', reason: 'anew' },
    ])
    expect(await store.countDeadLetters({ queue: 'q1' })).toBe(2)
    expect(await store.dropDeadLetters({ queue: 'q1' })).toBe(2)
    expect(await reasons({})).toEqual(['c'])
  })

  test('a stream whose pipeline fails for good is a dead letter, once, with the last reason', async () => {
    const router = routerOf({})
    await put(router, [event({ host: 'a', eventType: 'x.end' })])
    const [first] = await claim()
    await store.failRun({ claim: first as ClaimedStream, error: 'first', retryInMs: undefined })
    await store.resetStreams('error')
    const [second] = await claim()
    await store.failRun({ claim: second as ClaimedStream, error: 'second', retryInMs: undefined })
    // The lease of the first had gone long ago.
    await store.failRun({ claim: first as ClaimedStream, error: 'late', retryInMs: undefined })
    const letters = await store.listDeadLetters({}, PAGE)
    expect(letters).toMatchObject([{ stage: 'pipeline', reason: 'second', queue: null }])
    expect(JSON.parse(String(letters[0]?.body))).toEqual({ stream_id: 1, trigger: 'trigger', firing: 'fire' })
  })

  test('a dead letter larger than a statement is kept whole, one that is larger than a packet says so', async () => {
    const whole = randomBytes(15 * 1024 * 1024)
    const cut = randomBytes(20 * 1024 * 1024)
    const letters = [whole, cut].map((body) => ({ stage: 'distill', reason: 'r', queue: 'q', body }))
    await store.storeBatch({ arrivals: [], deadLetters: letters }, routerOf())
    const [first, second] = await store.listDeadLetters({}, { limit: 2, mark: undefined, ascending: true })
    expect(first?.body.equals(whole)).toBe(true)
    expect(first?.reason).toBe('r')
    const kept = second?.body.length ?? 0
    expect(kept).toBeGreaterThan(15 * 1024 * 1024)
    expect(second?.body.equals(cut.subarray(0, kept))).toBe(true)
    if (kept < cut.length)
      expect(second?.reason).toContain(`of its ${cut.length} bytes the first ${kept} are kept`)
    else expect(second?.reason).toBe('r')
  })

  test('an event larger than a statement is refused', async () => {
    const large = event({ traits: { text: { type: 'text', value: 'x'.repeat(300 * 1024 * 1024) } } })
    await expect(put(routerOf(), [large])).rejects.toMatchObject({ code: 'invalid' })
  })

  test('trimming takes old events that are in no stream', async () => {
    const router = routerOf({})
    const old = at('2025-01-01T00:00:00')
    await put(router, [event({ messageId: 'loose', timestamp: old }), event({ messageId: 'new' })])
    await put(router, [event({ messageId: 'held', host: 'a', timestamp: old })], old)
    expect(await store.trimEvents({ olderThan: NOW, limit: 10 })).toEqual({ trimmed: 1, after: undefined })
    expect(await store.findEvent('loose')).toBeUndefined()
    expect(await store.findEvent('held')).toBeDefined()
    expect(await store.trimEvents({ olderThan: NOW, limit: 10 })).toEqual({ trimmed: 0, after: undefined })
  })

  test('trimming goes on where it has come to, and passes over events that are kept', async () => {
    const router = routerOf({})
    const old = at('2025-01-01T00:00:00')
    // Of one time each two: what stands between two steps must not hang on their order.
    const time = (number: number) => old + Math.floor(number / 2)
    const kept = Array.from({ length: 1500 }, (_, n) => event({ host: 'kept', timestamp: time(n) }))
    const loose = Array.from({ length: 30 }, (_, n) => event({ timestamp: time(n * 51) }))
    await put(router, [...kept, ...loose], old)
    let trimmed = 0
    let after: TrimPlace | undefined
    let steps = 0
    do {
      const step = await store.trimEvents({ olderThan: NOW, limit: 7, after })
      trimmed += step.trimmed
      after = step.after
      steps++
    } while (after)
    expect(trimmed).toBe(30)
    expect(steps).toBeLessThan(9)
    expect(await store.countEvents({}, PAGE)).toBe(1500)
  })
})
