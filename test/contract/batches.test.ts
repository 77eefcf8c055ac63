import fc from 'fast-check'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Event } from '../../src/domain/event.ts'
import type { Trait, Traits } from '../../src/domain/trait.ts'
import type { OpenDatabase } from '../../src/store/dialect.ts'
import type { Batch } from '../../src/store/ports/intake.ts'
import { bytesHex } from '../../src/store/rows.ts'
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

/** What one message becomes. */
type Item = { readonly event: Event; readonly isDead: boolean }

const size: fc.Arbitrary<Trait> = fc.oneof(
  fc.integer({ min: 1, max: 3 }).map((value) => ({ type: 'int', value }) as const),
  fc.integer({ min: 1, max: 3 }).map((value) => ({ type: 'float', value }) as const),
  fc.integer({ min: 1, max: 3 }).map((value) => ({ type: 'datetime', value }) as const),
)

/** Repeats are frequent, as are events of one time; some are older or newer than any stream lasts, some are dead letters. */
const events: fc.Arbitrary<Item[]> = fc.array(
  fc
    .record({
      messageId: fc.integer({ min: 1, max: 30 }).map((n) => `m${n}`),
      eventType: eventTypes,
      timestamp: fc.integer({ min: -4, max: 4 }).map((hours) => NOW + hours * HOUR),
      host: fc.constantFrom('h1', 'h2'),
      zone: fc.option(fc.constantFrom('z1', 'z2'), { nil: undefined }),
      size: fc.option(size, { nil: undefined }),
      isDead: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    })
    .map(({ host, zone, size: sized, isDead, ...envelope }) => ({
      isDead,
      event: {
        ...envelope,
        traits: {
          host: { type: 'text', value: host },
          ...(zone === undefined ? {} : { zone: { type: 'text', value: zone } }),
          ...(sized === undefined ? {} : { size: sized }),
        } satisfies Traits,
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
      distinguished_by: fc.constantFrom(
        ['host'],
        ['host', 'zone'],
        ['host', 'size'],
        ['host', { timestamp: 'day' }],
      ),
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
    store = await createSqlStore(database, { writer: 'test', indexedTraits: ['host', 'size'] })
  })

  afterEach(async () => {
    await store.close()
  })

  const TABLES = [
    'event',
    'event_trait',
    'stream',
    'open_stream',
    'stream_event',
    'stream_trait',
    'dead_letter',
  ]

  function prepare(items: readonly Item[], router: TriggerRouter): Batch {
    const dead = items.filter(({ isDead }) => isDead)
    return {
      arrivals: items
        .filter(({ isDead }) => !isDead)
        .map(({ event }) => ({ event, encoded: store.encode(event), at: NOW, keys: router.keysOf(event) })),
      deadLetters: dead.map(({ event }) => ({
        stage: 'distill',
        reason: 'r',
        queue: 'q',
        body: Buffer.from(event.messageId),
      })),
    }
  }

  /** Each is read ahead before the one before it is stored; by a store that has stored nothing yet. */
  async function storeReadAhead(batches: readonly Batch[], router: TriggerRouter): Promise<void> {
    const fresh = await createSqlStore(database, { writer: 'fresh', indexedTraits: ['host', 'size'] })
    for (const [index, batch] of batches.entries()) {
      await fresh.warmUp(batches[index + 1]?.arrivals ?? [])
      await fresh.storeBatch(batch, router)
    }
  }

  /** What the database holds after these batches, by ids of messages instead of numbers. */
  async function outcome(router: TriggerRouter, batches: Iterable<Item[]>, isReadAhead = false) {
    for (const table of TABLES) await sql`delete from ${sql.table(table)}`.execute(database.db)
    const prepared = [...batches].map((batch) => prepare(batch, router))
    if (isReadAhead) await storeReadAhead(prepared, router)
    else for (const batch of prepared) await store.storeBatch(batch, router)
    const stored = await store.listEvents({}, ALL)
    const streams = await store.listStreams({}, ALL)
    const members = await store.eventsOfStreams(streams.map(({ id }) => id))
    const messageIds = new Map(stored.map(({ id, messageId }) => [id, messageId]))
    const numbers = new Map(streams.map(({ id }, index) => [id, index]))
    const pointers = await sql<{
      stream_id: number
    }>`select stream_id from open_stream order by key_hash`.execute(database.db)
    const indexed = await indexOf('event_trait', 'event_id')
    const streamIndex = await indexOf('stream_trait', 'stream_id')
    const letters = await store.listDeadLetters({}, ALL)
    return {
      events: stored.map(({ id: _, ...event }) => ({ ...event, traits: event.traits })),
      indexed: indexed.map(({ id, hash }) => [messageIds.get(id), hash]),
      streamIndex: streamIndex.map(({ id, hash }) => [numbers.get(id), hash]),
      letters: letters.map(({ stage, queue, body }) => [stage, queue, String(body)]),
      streams: streams.map(({ id, ...stream }) => ({
        ...stream,
        members: members.get(id)?.map(({ messageId }) => messageId),
      })),
      pointers: pointers.rows.map(({ stream_id }) => numbers.get(Number(stream_id))),
    }
  }

  async function indexOf(table: string, column: string) {
    const { rows } = await sql<{ id: number; hash: Uint8Array }>`
      select ${sql.ref(column)} as id, hash from ${sql.table(table)} order by ${sql.ref(column)}, hash`.execute(
      database.db,
    )
    return rows.map(({ id, hash }) => ({ id: Number(id), hash: bytesHex(hash) }))
  }

  test('any division into batches gives the same database as one message after the other', async () => {
    await fc.assert(
      fc.asyncProperty(events, triggers, cuts, async (sequence, configs, sizes) => {
        const router = routerOf(...configs)
        const single = await outcome(router, divided(sequence, [1]))
        expect(await outcome(router, divided(sequence, sizes))).toEqual(single)
        expect(await outcome(router, [sequence])).toEqual(single)
        expect(await outcome(router, divided(sequence, sizes), true)).toEqual(single)
      }),
      { numRuns: 120 },
    )
  })
})
