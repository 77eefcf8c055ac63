import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { insertRows } from '../../src/store/insert-rows.ts'
import type { EventFilter, Page, StreamFilter } from '../../src/store/ports/queries.ts'
import { stateNumber } from '../../src/store/rows.ts'
import { BUCKET_SIZE, bucketOf } from '../../src/store/schema/schema.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import type { Store } from '../../src/store/store.ts'
import { traitHash } from '../../src/store/trait-codec.ts'
import { parseNameFilter } from '../../src/text/filter-pattern.ts'
import { parseTraitFilter } from '../../src/text/trait-filter.ts'
import { DATABASES } from '../support/databases.ts'
import { at } from '../support/events.ts'
import { QueryPlans } from '../support/query-plans.ts'

const NOW = at('2026-01-01T00:00:00')
const EVENTS = 40_000
const STREAMS = 4000
const TYPES = 20
const HOSTS = 2000
/** One stream of as many has failed. */
const FAILED = 100

const DOWN: Page = { limit: 20, mark: undefined, ascending: false }

const traits = (filter: string) => parseTraitFilter(filter, NOW)

/** Filters, and whether an index finds their rows; the others read through rows in the order of ids. */
const EVENT_FILTERS: readonly (readonly [string, EventFilter, 'index' | 'in order'])[] = [
  ['nothing', {}, 'in order'],
  ['a type', { eventType: 'type.3' }, 'index'],
  ['a glob of types', { eventType: parseNameFilter('type.1*') }, 'index'],
  ['a time', { from: NOW + 1000, to: NOW + 1100 }, 'index'],
  ['a type and a time', { eventType: 'type.3', from: NOW + 1000, to: NOW + 1500 }, 'index'],
  ['a glob of types and a time', { eventType: parseNameFilter('type.1?'), from: NOW + 39_000 }, 'index'],
  ['an indexed trait', { traits: traits('host:h7') }, 'index'],
  ['an indexed trait and a glob', { traits: traits('host:h7;zone:z*') }, 'index'],
  ['a glob of traits', { traits: traits('zone:z1*') }, 'in order'],
]

const STREAM_FILTERS: readonly (readonly [string, StreamFilter, 'index' | 'in order'])[] = [
  ['nothing', {}, 'in order'],
  ['a trigger', { name: 'trigger' }, 'in order'],
  ['a state', { state: 'error' }, 'index'],
  ['a state and a trigger', { state: 'error', name: 'trigger' }, 'index'],
  ['an error', { lastError: '*timeout*' }, 'in order'],
  ['a trait', { traits: traits('host:h7') }, 'index'],
  ['a trait and a comparison', { traits: traits('host:h7;size:>5') }, 'index'],
  ['a glob of traits', { traits: traits('host:h1*') }, 'in order'],
]

describe.each(DATABASES)('plans of $name', ({ open }) => {
  let plans: QueryPlans
  let store: Store

  beforeAll(async () => {
    const database = await open()
    plans = new QueryPlans(database)
    store = await createSqlStore(plans.database, { writer: 'test', indexedTraits: ['host'] })
    const { db, dialect } = database
    const hash = (kind: string, id: number) => dialect.bytes(`${kind}${id.toString(16).padStart(30, '0')}`)
    const hostOf = (id: number) => `h${id % HOSTS}`
    const hostHash = (id: number) => dialect.bytes(traitHash('host', { type: 'text', value: hostOf(id) }))
    const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1)
    await insertRows(
      db,
      dialect,
      'event_type',
      numbers(TYPES).map((id) => ({ id, desc: `type.${id}`, desc_hash: hash('aa', id) })),
    )
    const traitsOf = (id: number) => `{"host":"${hostOf(id)}","zone":"z${id % 7}","size":${id % 9}}`
    for (const part of [0, 1, 2, 3]) {
      const ids = numbers(EVENTS / 4).map((id) => id + (part * EVENTS) / 4)
      await insertRows(
        db,
        dialect,
        'event',
        ids.map((id) => ({
          id,
          message_hash: hash('bb', id),
          message_id: `m${id}`,
          generated: NOW + id,
          event_type_id: 1 + (id % TYPES),
          traits: traitsOf(id),
        })),
      )
      const entries = ids.map((id) => ({ bucket: bucketOf(id), hash: hostHash(id), event_id: id }))
      await insertRows(db, dialect, 'event_trait', entries)
    }
    await insertRows(
      db,
      dialect,
      'stream',
      numbers(STREAMS).map((id) => ({
        id,
        name: 'trigger',
        key_hash: hash('cc', id),
        state: stateNumber(id % FAILED === 0 ? 'error' : 'active'),
        last_error: id % FAILED === 0 ? 'a timeout' : null,
        state_serial_no: 0,
        event_count: 1,
        generation: 0,
        first_event: NOW,
        last_event: NOW,
        distinguishing_traits: traitsOf(id),
        progress: '{}',
        attempts: 0,
      })),
    )
    const entries = numbers(STREAMS).map((id) => ({
      bucket: bucketOf(id),
      hash: hostHash(id),
      stream_id: id,
    }))
    await insertRows(db, dialect, 'stream_trait', entries)
    const tables = ['event', 'event_trait', 'stream', 'stream_trait', 'event_type']
    const analyze = dialect.hasOneConnection ? ['analyze'] : tables.map((name) => `analyze table ${name}`)
    for (const statement of analyze) await sql.raw(statement).execute(db)
    expect(EVENTS / BUCKET_SIZE).toBeGreaterThan(4)
  })

  afterAll(() => store.close())

  const check = async (work: () => Promise<{ length: number }>, expected: 'index' | 'in order') => {
    let rows = 0
    const steps = await plans.steps(async () => {
      rows = (await work()).length
    })
    const read = steps.filter(({ table }) => /^(event|stream|t\d)$/.test(table))
    expect(rows).toBeGreaterThan(0)
    expect(read.length).toBeGreaterThan(0)
    const whole = read.filter(({ how }) => /^(ALL|index by|SCAN)/.test(how))
    // The lowest and the highest id are read from the ends of the table.
    const most = expected === 'index' ? 1 : DOWN.limit
    expect(whole.filter(({ limit = Infinity }) => limit > most)).toEqual([])
  }

  test.each(EVENT_FILTERS)('events by %s', async (_, filter, expected) => {
    await check(() => store.listEvents(filter, DOWN), expected)
  })

  test.each(STREAM_FILTERS)('streams by %s', async (_, filter, expected) => {
    await check(() => store.listStreams(filter, DOWN), expected)
  })
})
