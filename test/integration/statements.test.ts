import { type KyselyPlugin, sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openMysqlDatabase } from '../../src/store/mysql/mysql-database.ts'
import { upgradeSchema } from '../../src/store/schema/migrate.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import type { Store } from '../../src/store/store.ts'
import { createTestDatabase } from '../support/databases.ts'
import { at, event, routerOf } from '../support/events.ts'

const NOW = at('2026-01-01T00:00:00')
const router = routerOf({ match_criteria: [{ event_type: 'x.*' }], fire_criteria: [{ event_type: 'x.end' }] })

let store: Store
let statements: number

beforeEach(async () => {
  const { db, dialect } = await openMysqlDatabase({ url: new URL(await createTestDatabase()) })
  await upgradeSchema(db, dialect.types)
  const counting: KyselyPlugin = {
    transformQuery: ({ node }) => node,
    async transformResult({ result }) {
      statements++
      return result
    },
  }
  store = await createSqlStore(
    { db: db.withPlugin(counting), dialect },
    { writer: 'w', indexedTraits: ['host'] },
  )
  await put('warm', 1)
})

afterEach(async () => {
  await store.close()
})

async function counted(work: () => Promise<unknown>): Promise<number> {
  statements = 0
  await work()
  return statements
}

/** So many events of as many hosts: new ones, those of streams that are there, and repeats. */
function put(name: string, count: number): Promise<unknown> {
  const events = Array.from({ length: count }, (_, n) => [
    event({ messageId: `${name}-${n}`, host: `${name}-${n}`, eventType: 'x.end', timestamp: NOW }),
    event({ messageId: `again-${name}-${n}`, host: `h${n}`, eventType: 'x.end', timestamp: NOW }),
    event({ messageId: 'warm-0', host: 'warm-0', eventType: 'x.end', timestamp: NOW }),
  ]).flat()
  const arrivals = events.map((one) => ({ event: one, at: NOW, keys: router.keysOf(one) }))
  return store.storeBatch({ arrivals, deadLetters: [] }, router)
}

test('a batch takes the same number of statements whatever is in it', async () => {
  await put('first', 160)
  const few = await counted(() => put('few', 3))
  expect(await counted(() => put('many', 160))).toBe(few)
  expect(few).toBeLessThan(20)
})

test('claiming, reading and finishing take the same number of statements for any number of streams', async () => {
  await put('first', 300)
  const run = async (limit: number) => {
    const request = { kind: 'fire', now: NOW + 1, limit, worker: 'w', leaseMs: 60_000 } as const
    const claims = await store.claimStreams(request)
    expect(claims).toHaveLength(limit)
    await store.eventsOfStreams(claims.map(({ stream }) => stream.id))
    const runs = claims.map((claim) => {
      const made = event({ messageId: `made-${claim.stream.id}`, eventType: 'made', timestamp: NOW })
      return { claim, newEvents: [{ event: made, at: NOW, keys: [] }], purge: false, lastError: null }
    })
    await store.finishRuns(runs, router)
  }
  await run(1)
  const few = await counted(() => run(2))
  expect(await counted(() => run(200))).toBe(few)
  expect(few).toBeLessThan(30)
})

test('a statement that takes longer than its limit is broken off by the server', async () => {
  const { db } = await openMysqlDatabase({ url: new URL(await createTestDatabase()), statementMs: 50 })
  try {
    await expect(sql`select sleep(60)`.execute(db)).rejects.toThrow(/max_statement_time|maximum statement/)
  } finally {
    await db.destroy()
  }
})

test('a query that nobody waits for any more is ended at the server, and its connection is free again', async () => {
  const { db } = await openMysqlDatabase({ url: new URL(await createTestDatabase()), connections: 1 })
  try {
    const leaving = new AbortController()
    const reading = { signal: leaving.signal, inflightQueryAbortStrategy: 'cancel query' } as const
    const asked = sql`select sleep(600)`.execute(db, reading)
    // What waits for the only connection gets it when the query has been ended.
    const next = sql<{ one: number }>`select 1 as one`.execute(db)
    setTimeout(() => leaving.abort(new Error('left')), 50)
    await expect(asked).rejects.toThrow('left')
    expect((await next).rows).toEqual([{ one: 1 }])
  } finally {
    await db.destroy()
  }
})
