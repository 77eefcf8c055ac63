import fc from 'fast-check'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Event } from '../../src/domain/event.ts'
import type { OpenDatabase } from '../../src/store/dialect.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import type { Store } from '../../src/store/store.ts'
import type { TriggerRouter } from '../../src/streams/router.ts'
import type { TriggerConfig } from '../../src/streams/trigger-config.ts'
import { DATABASES } from '../support/databases.ts'
import { at, routerOf } from '../support/events.ts'

const NOW = at('2026-01-01T12:00:00')
const HOUR = 3_600_000_000
const ALL = { limit: 1000, mark: undefined, ascending: true }

const eventTypes = fc.constantFrom('a.start', 'a.end', 'b.start', 'b.end')

/** Repeats are frequent, as are events of one time; some are older or newer than any stream lasts. */
const events: fc.Arbitrary<Event[]> = fc.array(
  fc
    .record({
      messageId: fc.integer({ min: 1, max: 30 }).map((n) => `m${n}`),
      eventType: eventTypes,
      timestamp: fc.integer({ min: -4, max: 4 }).map((hours) => NOW + hours * HOUR),
      host: fc.constantFrom('h1', 'h2'),
      zone: fc.option(fc.constantFrom('z1', 'z2'), { nil: undefined }),
    })
    .map(({ host, zone, ...envelope }) => ({
      ...envelope,
      traits: {
        host: { type: 'text', value: host },
        ...(zone === undefined ? {} : { zone: { type: 'text', value: zone } }),
      },
    })),
  { maxLength: 30 },
)

const criterion = fc.record({
  event_type: fc.constantFrom('a.*', '*.end', 'b.start', ['a.*', '!*.end']),
  number: fc.integer({ min: 1, max: 3 }),
})

const triggers: fc.Arbitrary<Partial<TriggerConfig>[]> = fc
  .array(
    fc.record({
      distinguished_by: fc.constantFrom(['host'], ['host', 'zone'], ['host', { timestamp: 'day' }]),
      match_criteria: fc.array(
        criterion.map(({ event_type }) => ({ event_type })),
        { minLength: 1, maxLength: 2 },
      ),
      fire_criteria: fc.array(criterion, { minLength: 1, maxLength: 2 }),
      fire_delay: fc.constantFrom(0, 60),
      expiration: fc.constantFrom('$last + 1h', '$first + 3h', '$last + 10d'),
    }),
    { minLength: 1, maxLength: 3 },
  )
  .map((configs) => configs.map((config, index) => ({ ...config, name: `t${index}` })))

/** Where batches end: any division of a sequence. */
const cuts = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 8 })

function* divided<T>(items: readonly T[], sizes: readonly number[]): Generator<T[]> {
  for (let from = 0, index = 0; from < items.length; index++) {
    const size = sizes[index % sizes.length] as number
    yield items.slice(from, from + size)
    from += size
  }
}

describe.each(DATABASES)('batches on $name', ({ open }) => {
  let database: OpenDatabase
  let store: Store

  beforeEach(async () => {
    database = await open()
    store = await createSqlStore(database, { writer: 'test', indexedTraits: ['host'] })
  })

  afterEach(async () => {
    await store.close()
  })

  const TABLES = ['event', 'event_trait', 'stream', 'open_stream', 'stream_event', 'stream_trait']

  /** What the database holds after these batches, by ids of messages instead of numbers. */
  async function outcome(router: TriggerRouter, batches: Iterable<Event[]>) {
    for (const table of TABLES) await sql`delete from ${sql.table(table)}`.execute(database.db)
    for (const batch of batches) {
      const arrivals = batch.map((event) => ({ event, at: NOW, keys: router.keysOf(event) }))
      await store.storeBatch({ arrivals, deadLetters: [] }, router)
    }
    const stored = await store.listEvents({}, ALL)
    const streams = await store.listStreams({}, ALL)
    const members = await store.eventsOfStreams(streams.map(({ id }) => id))
    const messageIds = new Map(stored.map(({ id, messageId }) => [id, messageId]))
    const numbers = new Map(streams.map(({ id }, index) => [id, index]))
    const pointers = await sql<{
      stream_id: number
    }>`select stream_id from open_stream order by key_hash`.execute(database.db)
    const indexed = await sql<{ event_id: number }>`
      select event_id from event_trait order by event_id, hash`.execute(database.db)
    return {
      events: stored.map(({ id: _, ...event }) => ({ ...event, traits: event.traits })),
      indexed: indexed.rows.map(({ event_id }) => messageIds.get(Number(event_id))),
      streams: streams.map(({ id, ...stream }) => ({
        ...stream,
        members: members.get(id)?.map(({ messageId }) => messageId),
      })),
      pointers: pointers.rows.map(({ stream_id }) => numbers.get(Number(stream_id))),
    }
  }

  test('any division into batches gives the same database as one message after the other', async () => {
    await fc.assert(
      fc.asyncProperty(events, triggers, cuts, async (sequence, configs, sizes) => {
        const router = routerOf(...configs)
        const single = await outcome(router, divided(sequence, [1]))
        expect(await outcome(router, divided(sequence, sizes))).toEqual(single)
        expect(await outcome(router, [sequence])).toEqual(single)
      }),
      { numRuns: 120 },
    )
  })
})
