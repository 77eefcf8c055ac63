import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Traits } from '../../src/domain/trait.ts'
import { readingsOf } from '../../src/domain/trait-condition.ts'
import { Random } from '../../src/notigen/random.ts'
import type { OpenDatabase } from '../../src/store/dialect.ts'
import { insertRows } from '../../src/store/insert-rows.ts'
import type { EventFilter, Page } from '../../src/store/ports/queries.ts'
import { idsByTraits } from '../../src/store/queries/inverted-index.ts'
import { BUCKET_SIZE, bucketOf } from '../../src/store/schema/schema.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import type { Store } from '../../src/store/store.ts'
import { traitHash } from '../../src/store/trait-codec.ts'
import { withoutEmptyStart } from '../../src/store/upkeep/event-spans.ts'
import { DATABASES } from '../support/databases.ts'
import { at, event, routerOf } from '../support/events.ts'

const NOW = at('2026-01-01T00:00:00')
const UP: Page = { limit: 100, mark: undefined, ascending: true }
const DOWN: Page = { limit: 100, mark: undefined, ascending: false }

const where = (...pairs: [string, string][]) =>
  pairs.map(([name, text]) => ({ name, values: readingsOf(text) }))

describe.each(DATABASES)('lists of $name', ({ open }) => {
  let database: OpenDatabase
  let store: Store

  beforeEach(async () => {
    database = await open()
    store = await createSqlStore(database, { writer: 'test', indexedTraits: ['host'] })
  })

  afterEach(async () => {
    await store.close()
  })

  /** An event with an id of its choice; with `isIndexed` its host is in the inverted index. */
  async function place(id: number, traits: Traits, timestamp = NOW, isIndexed = true) {
    const router = routerOf({ match_criteria: [{ event_type: 'none' }] })
    const one = event({ messageId: `m${id}`, eventType: `type.${id % 2}`, timestamp, traits })
    const other = isIndexed ? store : await createSqlStore(database, {})
    // Ids count up from the highest one.
    await database.db
      .deleteFrom('event')
      .where('id', '=', id - 1)
      .where('message_id', '=', 'filler')
      .execute()
    await insertRows(database.db, database.dialect, 'event', [
      {
        id: id - 1,
        message_hash: database.dialect.bytes(id.toString(16).padStart(32, 'f')),
        message_id: 'filler',
        generated: 0,
        event_type_id: 1,
        traits: '{}',
      },
    ])
    await other.storeBatch({ arrivals: [{ event: one, at: NOW, keys: [] }], deadLetters: [] }, router)
    await database.db
      .deleteFrom('event')
      .where('id', '=', id - 1)
      .execute()
  }

  const host = (value: string): Traits => ({ host: { type: 'text', value } })
  const ids = async (filter: EventFilter, page = DOWN) =>
    (await store.listEvents(filter, page)).map(({ id }) => id)

  test('events are found by their traits, by the index or without, over all buckets', async () => {
    const size: Traits = { ...host('a'), size: { type: 'int', value: 512 } }
    const far = 5 * BUCKET_SIZE + 7
    await place(10, size)
    await place(20, { ...host('a'), size: { type: 'text', value: '512' } })
    await place(30, host('b'))
    await place(BUCKET_SIZE + 3, host('a'))
    await place(far, { ...size, 'odd "na_me%\\': { type: 'float', value: 0.5 } })
    expect(await ids({ traits: where(['host', 'a']) })).toEqual([far, BUCKET_SIZE + 3, 20, 10])
    expect(await ids({ traits: where(['host', 'a']) }, UP)).toEqual([10, 20, BUCKET_SIZE + 3, far])
    expect(await ids({ traits: where(['host', 'a']) }, { ...DOWN, limit: 2 })).toEqual([far, BUCKET_SIZE + 3])
    expect(await ids({ traits: where(['host', 'a']) }, { ...DOWN, mark: 20 })).toEqual([10])
    expect(await ids({ traits: where(['host', 'a']) }, { ...UP, mark: 20, limit: 1 })).toEqual([
      BUCKET_SIZE + 3,
    ])
    expect(await ids({ traits: where(['host', 'a'], ['size', '512']) })).toEqual([far, 20, 10])
    expect(await ids({ traits: where(['size', '512']) }, UP)).toEqual([10, 20, far])
    expect(await ids({ traits: where(['size', '512.0']) })).toEqual([far, 10])
    expect(await ids({ traits: where(['odd "na_me%\\', '0.5']) })).toEqual([far])
    expect(await ids({ traits: where(['host', 'A']) })).toEqual([])
    expect(await ids({ traits: where(['nosuch', '1']) })).toEqual([])
    expect(await ids({ traits: where(['host', 'a']), eventType: 'type.0' })).toEqual([20, 10])
    expect(await store.countEvents({ traits: where(['host', 'a']) }, { ...DOWN, limit: 1 })).toBe(4)
    expect(await store.countEvents({ traits: where(['size', '512']) }, { ...UP, mark: 10 })).toBe(2)
  })

  test('events from before their trait was indexed are found too', async () => {
    await place(10, host('a'), NOW, false)
    await database.db.updateTable('indexed_trait').set({ from_id: 11 }).execute()
    await place(20, host('a'))
    expect(await ids({ traits: where(['host', 'a']) })).toEqual([20, 10])
    expect(await ids({ traits: where(['host', 'a']) }, UP)).toEqual([10, 20])
    expect(await store.countEvents({ traits: where(['host', 'a']) }, UP)).toBe(2)
  })

  test('a trait that a writer does not index is found in its events all the same', async () => {
    const older = await createSqlStore(database, { writer: 'older', indexedTraits: ['host'] })
    const newer = await createSqlStore(database, { writer: 'newer', indexedTraits: ['host', 'zone'] })
    const zone = { zone: { type: 'text', value: 'z' } } as const
    const put = (by: Store) =>
      by.storeBatch(
        { arrivals: [{ event: event({ traits: zone }), at: NOW, keys: [] }], deadLetters: [] },
        routerOf(),
      )
    for (const by of [newer, older, newer, store, newer]) await put(by)
    expect(await ids({ traits: where(['zone', 'z']) }, UP)).toEqual([1, 2, 3, 4, 5])
    expect(await database.db.selectFrom('indexed_trait').selectAll().orderBy('name').execute()).toEqual([
      { name: 'host', from_id: 1 },
      { name: 'zone', from_id: 5 },
    ])
    // One that starts now indexes what others do, whatever its configuration says.
    const later = await createSqlStore(database, { writer: 'later' })
    await put(later)
    expect(await ids({ traits: where(['zone', 'z']) }, DOWN)).toEqual([6, 5, 4, 3, 2, 1])
    const indexed = await database.db.selectFrom('event_trait').select('event_id').execute()
    expect(indexed.map(({ event_id }) => event_id)).toContain(6)
  })

  test('a trait that a thousand events of a bucket have is found in all of them', async () => {
    const router = routerOf({ match_criteria: [{ event_type: 'none' }] })
    const arrivals = Array.from({ length: 2500 }, (_, index) => ({
      event: event({ messageId: `x${index}`, host: index % 5 === 0 ? 'b' : 'a' }),
      at: NOW,
      keys: [],
    }))
    await store.storeBatch({ arrivals, deadLetters: [] }, router)
    expect(await store.countEvents({ traits: where(['host', 'a']) }, DOWN)).toBe(2000)
    const all = await ids({ traits: where(['host', 'a']) }, { ...UP, limit: 3000 })
    expect(all).toEqual(Array.from({ length: 2500 }, (_, index) => index + 1).filter((id) => id % 5 !== 1))
  })

  test.each([true, false])(
    'hits in hundreds of buckets are found in order, also where one holds most; ascending: %s',
    async (ascending) => {
      const conditions = where(['host', 'a'])
      const hash = database.dialect.bytes(traitHash('host', { type: 'text', value: 'a' }))
      const buckets = Array.from({ length: 100 }, (_, index) => index * 3)
      const few = buckets.map((bucket) => bucket * BUCKET_SIZE + 5000)
      const many = Array.from({ length: 2500 }, (_, index) => 150 * BUCKET_SIZE + 1 + index)
      const rows = [...few, ...many].map((event_id) => ({ bucket: bucketOf(event_id), hash, event_id }))
      await insertRows(database.db, database.dialect, 'event_trait', rows)
      const range = { low: 1, high: 300 * BUCKET_SIZE, ascending }
      const found: number[] = []
      for await (const some of idsByTraits(database.db, 'event', conditions, range)) found.push(...some)
      const expected = [...few, ...many].sort((a, b) => a - b)
      expect(found).toEqual(ascending ? expected : expected.reverse())
    },
  )

  test('closed buckets are passed over by time, and nothing that lies in one is missed', async () => {
    const [first, second, third] = [10, BUCKET_SIZE + 10, 2 * BUCKET_SIZE + 10]
    await place(first, host('a'), NOW)
    await place(second, host('a'), NOW + 10)
    await place(third, host('a'), NOW + 20)
    expect(await store.closeSpan()).toBe(true)
    expect(await store.closeSpan()).toBe(true)
    expect(await store.closeSpan()).toBe(false)
    expect(await database.db.selectFrom('event_span').selectAll().orderBy('bucket').execute()).toEqual([
      { bucket: 0, min_generated: NOW, max_generated: NOW },
      { bucket: 1, min_generated: NOW + 10, max_generated: NOW + 10 },
    ])
    const range = { low: first, high: third }
    expect(await withoutEmptyStart(database.db, { to: NOW }, { ...range, ascending: false })).toEqual({
      low: first,
      high: third,
      ascending: false,
    })
    await place(3 * BUCKET_SIZE + 10, host('a'), NOW + 30)
    expect(await store.closeSpan()).toBe(true)
    expect(await withoutEmptyStart(database.db, { to: NOW }, { ...range, ascending: false })).toMatchObject({
      high: BUCKET_SIZE - 1,
    })
    expect(
      await withoutEmptyStart(database.db, { from: NOW + 10 }, { ...range, ascending: true }),
    ).toMatchObject({
      low: 2 * BUCKET_SIZE,
    })
    for (const traits of [undefined, where(['host', 'a']), where(['nosuch', '1'], ['host', 'a'])]) {
      const isNone = traits?.length === 2
      const filter = { from: NOW, to: NOW + 10, traits }
      expect(await ids(filter)).toEqual(isNone ? [] : [second])
      expect(await ids({ to: NOW + 10, traits })).toEqual(isNone ? [] : [second, first])
      expect(await ids({ from: NOW, traits }, UP)).toEqual(
        isNone ? [] : [second, third, 3 * BUCKET_SIZE + 10],
      )
    }
  })

  test('events of a time are listed by their ids, however late they came', async () => {
    const random = new Random(7)
    const below = (limit: number) => random.int(0, limit - 1)
    const stored = Array.from({ length: 300 }, (_, index) => ({
      id: index + 1,
      // One of six comes at any time; many have the same.
      time: below(6) === 0 ? below(60) : Math.floor(index / 5),
      eventType: below(10) === 0 ? 'rare' : 'common',
    }))
    const arrivals = stored.map(({ time, eventType }) => ({
      event: event({ eventType, timestamp: NOW + time }),
      at: NOW,
      keys: [],
    }))
    await store.storeBatch(
      { arrivals, deadLetters: [] },
      routerOf({ match_criteria: [{ event_type: 'none' }] }),
    )
    for (let round = 0; round < 200; round++) {
      const [from, to] = [below(60) - 1, below(62)]
      const eventType = [undefined, 'rare', 'common'][below(3)]
      const mark = below(2) === 0 ? undefined : below(320)
      const page = { limit: 1 + below(40), mark, ascending: below(2) === 0 }
      const expected = stored
        .filter(({ id, time, eventType: type }) => {
          const isBeyond = mark === undefined || (page.ascending ? id > mark : id < mark)
          return isBeyond && time > from && time <= to && (eventType === undefined || type === eventType)
        })
        .map(({ id }) => id)
      if (!page.ascending) expected.reverse()
      const filter = { from: NOW + from, to: NOW + to, eventType }
      expect({ filter, page, ids: await ids(filter, page) }).toEqual({
        filter,
        page,
        ids: expected.slice(0, page.limit),
      })
    }
  })

  test('streams are found by their distinguishing traits', async () => {
    const router = routerOf({ distinguished_by: ['host', { timestamp: 'day' }] })
    const arrivals = ['a', 'b', 'a', 'c'].map((name, index) => {
      const one = event({ host: name, timestamp: NOW + index * 86_400_000_000 })
      return { event: one, at: NOW, keys: router.keysOf(one) }
    })
    await store.storeBatch({ arrivals, deadLetters: [] }, router)
    const found = async (filter: object, page = DOWN) =>
      (await store.listStreams(filter, page)).map(({ id }) => id)
    expect(await found({ traits: where(['host', 'a']) })).toEqual([3, 1])
    expect(await found({ traits: where(['host', 'a']) }, { ...UP, limit: 1 })).toEqual([1])
    expect(await found({ traits: where(['host', 'a']) }, { ...UP, mark: 1 })).toEqual([3])
    expect(await found({ traits: where(['host', 'a']), state: 'completed' })).toEqual([])
    expect(await found({ name: 'trigger' })).toHaveLength(4)
    for (const name of ['trigger ', 'Trigger', 'trigge']) expect(await found({ name })).toEqual([])
    const day = where(['timestamp', '2026-01-03T00:00:00 to 2026-01-04'], ['host', 'a'])
    expect(await found({ traits: day })).toEqual([3])
    expect(await store.countStreams({ traits: where(['host', 'a']) }, { ...DOWN, limit: 0 })).toBe(2)
    expect(await store.countStreams({ traits: where(['host', 'z']) }, DOWN)).toBe(0)
  })

  test.each([
    ['host', 'a'],
    ['size', '512'],
  ])(
    'events are left out by their ids, by the index of host and by reading size: %s',
    async (name, value) => {
      for (const id of [5, 10, 15]) await place(id, { ...host('a'), size: { type: 'int', value: 512 } })
      const found = (without: number[]) =>
        ids({ traits: where([name, value]), without: new Set(without) }, { ...UP, mayMissNewest: true })
      expect(await found([])).toEqual([5, 10, 15])
      expect(await found([5, 15])).toEqual([10])
      expect(await found([5, 10, 15])).toEqual([])
    },
  )

  test('a stream is deleted with its memberships, its events stay, and its key takes a new one', async () => {
    const router = routerOf({ fire_criteria: [{ event_type: '*.end' }] })
    const put = (eventType: string) => {
      const one = event({ host: 'a', eventType, timestamp: NOW })
      return store.storeBatch(
        { arrivals: [{ event: one, at: NOW, keys: router.keysOf(one) }], deadLetters: [] },
        router,
      )
    }
    await put('x.start')
    const keys = () => database.db.selectFrom('open_stream').select('stream_id').execute()
    expect(await keys()).toEqual([{ stream_id: 1 }])
    expect(await store.deleteStream(1)).toBe(true)
    expect(await keys()).toEqual([])
    expect(await store.deleteStream(1)).toBe(false)
    expect(await store.findStream(1)).toBeUndefined()
    expect(await store.countEvents({}, UP)).toBe(1)
    expect(await store.countStreams({ traits: where(['host', 'a']) }, UP)).toBe(0)
    await put('x.end')
    expect(await store.listStreams({}, UP)).toMatchObject([{ id: 2, eventCount: 1 }])
    const claim = { kind: 'fire', now: NOW + 1, limit: 10, worker: 'w1', leaseMs: 60_000 } as const
    const claims = await store.claimStreams(claim)
    await expect(store.deleteStream(2)).rejects.toThrow('stream 2 is run by w1 at this moment')
    expect(await keys()).toEqual([{ stream_id: 2 }])
    await store.renewLeases(claims, -1)
    expect(await store.deleteStream(2)).toBe(true)
    expect(await keys()).toEqual([])
    expect(
      await store.finishRuns(
        claims.map((one) => ({ claim: one, newEvents: [], purge: false, lastError: null })),
        router,
      ),
    ).toEqual(new Set())
  })
})
