import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import type { OpenDatabase } from '../../../src/store/dialect.ts'
import type { ClaimedStream } from '../../../src/store/ports/stream-runs.ts'
import { createSqlStore } from '../../../src/store/sql-store.ts'
import type { Store } from '../../../src/store/store.ts'
import type { TriggerRouter } from '../../../src/streams/router.ts'
import { DATABASES } from '../../support/databases.ts'
import { at, event, routerOf } from '../../support/events.ts'
import { finished, HOUR_MS, LATER, NOW, PAGE, StoreFixture } from '../../support/store-fixture.ts'

describe.each(DATABASES)('store on $name: intake', ({ open }) => {
  const fixture = new StoreFixture(open)
  const { put, claim, states, messageIds } = fixture
  let store: Store
  let database: OpenDatabase
  beforeEach(() => {
    store = fixture.store
    database = fixture.database
  })
  let counter = 0

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
    expect(await put(router, [first, again])).toMatchObject({ stored: 1, duplicates: 1 })
    expect(await put(router, [again])).toMatchObject({ stored: 0, duplicates: 1 })
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
    expect(await store.storeBatch({ arrivals, deadLetters: [] }, router)).toMatchObject({
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
      expect(await store.storeBatch({ arrivals, deadLetters: [] }, router)).toMatchObject({
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
    expect(await store.storeBatch({ arrivals, deadLetters: [] }, router)).toMatchObject({
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
    expect(await store.storeBatch({ arrivals, deadLetters: [] }, router)).toMatchObject({
      stored: 2,
      duplicates: 0,
    })
    expect(await store.storeBatch({ arrivals, deadLetters: [] }, router)).toMatchObject({
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

  test('an event larger than a statement is refused', async () => {
    const large = event({ traits: { text: { type: 'text', value: 'x'.repeat(300 * 1024 * 1024) } } })
    await expect(put(routerOf(), [large])).rejects.toMatchObject({ code: 'invalid' })
  })
})
