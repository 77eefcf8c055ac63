import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { insertRows } from '../../src/store/insert-rows.ts'
import type { HeldAction } from '../../src/store/ports/actions.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import type { Store } from '../../src/store/store.ts'
import { DATABASES } from '../support/databases.ts'
import { QueryPlans } from '../support/query-plans.ts'

const ROWS = 4000
const DOWN = { limit: 20, mark: undefined, ascending: false }
const action = (id: number): HeldAction => ({
  id,
  runner: 'r',
  state: 'running',
  target: 'streams',
  verb: 'reset',
})

describe.each(DATABASES)('plans of repair and tail of $name', ({ open }) => {
  let plans: QueryPlans
  let store: Store

  beforeAll(async () => {
    const database = await open()
    plans = new QueryPlans(database)
    store = await createSqlStore(plans.database, { writer: 'test' })
    const { db, dialect } = database
    const ids = Array.from({ length: ROWS }, (_, index) => index + 1)
    const hash = (id: number) => dialect.bytes(id.toString(16).padStart(32, '0'))
    await insertRows(
      db,
      dialect,
      'action',
      [1, 2, 3, 4].map((id) => ({
        ...{
          id,
          target: 'streams',
          verb: 'reset',
          filter: '{}',
          token: null,
          state: 'running',
          created_at: 1,
        },
        ...{ ended_at: null, total: ROWS / 4, runner: 'r', heard_at: 1, error: null },
      })),
    )
    await insertRows(
      db,
      dialect,
      'action_result',
      ids.map((id) => ({ action_id: 1 + (id % 4), item_id: id, outcome: 1 + (id % 3), reason: null })),
    )
    await insertRows(
      db,
      dialect,
      'stream',
      ids.map((id) => ({
        ...{
          id,
          name: 't',
          key_hash: hash(id),
          state: id % 53 === 0 ? 4 : 6,
          state_serial_no: 0,
          event_count: 1,
        },
        ...{
          generation: 0,
          first_event: 1,
          last_event: 1,
          distinguishing_traits: '{}',
          progress: '{}',
          attempts: 0,
        },
      })),
    )
    await insertRows(
      db,
      dialect,
      'stream_change',
      ids.map((id) => ({ id, stream_id: id, name: 't', state: 6, at: 1, traits: '{}', error: null })),
    )
    await insertRows(
      db,
      dialect,
      'dead_letter',
      ids.map((id) => ({
        id,
        hash: hash(id),
        at: 1,
        stage: 'decode',
        reason: 'no',
        queue: 'q',
        body: Buffer.from('x'),
      })),
    )
    const tables = ['action', 'action_result', 'stream', 'stream_change', 'dead_letter']
    const analyze = dialect.hasOneConnection ? ['analyze'] : tables.map((name) => `analyze table ${name}`)
    for (const statement of analyze) await sql.raw(statement).execute(db)
  })

  afterAll(() => store.close())

  /** Runs work and expects that of these tables no step reads all rows, unless in the order of ids up to a limit. */
  const expectIndexed = async (tables: readonly string[], work: () => Promise<unknown>) => {
    const steps = (await plans.steps(work)).filter(({ table }) => tables.includes(table))
    expect(steps.length).toBeGreaterThan(0)
    const whole = steps.filter(({ how, limit }) => /^(ALL|SCAN)/.test(how) && limit === undefined)
    expect(whole.filter(({ how }) => !/USING (COVERING )?INDEX/.test(how))).toEqual([])
  }

  test('the next items of an action are found by its index', () =>
    expectIndexed(['action_result'], () => store.nextDeadLetters(action(1), 20)))

  test('results of an action are its own only, each beside its stream by the number', () =>
    expectIndexed(['r', 's'], async () => {
      expect(await store.listResults(2, 'failed', DOWN)).not.toEqual([])
      expect(await store.countOutcomes(2)).toMatchObject({ done: expect.any(Number) })
    }))

  test('streams of a state are chosen by the index of states', () =>
    expectIndexed(['stream'], async () => {
      for await (const ids of store.matchingStreams({ state: 'error' }))
        expect(ids).toHaveLength(Math.floor(ROWS / 53))
    }))

  test('what follows a place of a tail is found by its id', () =>
    expectIndexed(['stream_change', 'dead_letter', 'stream'], async () => {
      expect(await store.listChanges({ after: ROWS - 5, upTo: ROWS }, 100)).toHaveLength(5)
      const page = { limit: 20, mark: ROWS - 5, ascending: true }
      expect(await store.listDeadLetterHeads({}, page)).toHaveLength(5)
      expect(await store.listStreams({}, page)).toHaveLength(5)
    }))
})
