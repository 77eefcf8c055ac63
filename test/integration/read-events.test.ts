import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { openMysqlDatabase } from '../../src/store/mysql/mysql-database.ts'
import { upgradeSchema } from '../../src/store/schema/migrate.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import type { Store } from '../../src/store/store.ts'
import { createTestDatabase } from '../support/databases.ts'
import { at, event, routerOf } from '../support/events.ts'

const NOW = at('2026-01-01T00:00:00')
const STREAMS = 2000
const EVENTS_PER_STREAM = 5

/** A store of one connection: the server counts for each what it has read. */
async function withStore(
  test: (store: Store, rowsReadBy: (work: () => Promise<unknown>) => Promise<number>) => Promise<void>,
): Promise<void> {
  const database = await openMysqlDatabase({ url: new URL(await createTestDatabase()), connections: 1 })
  await upgradeSchema(database.db, database.dialect.types)
  const store = await createSqlStore(database)
  const rowsRead = async () => {
    const { rows } = await sql<{ Value: string }>`show session status like 'Handler_read%'`.execute(
      database.db,
    )
    return rows.reduce((sum, { Value }) => sum + Number(Value), 0)
  }
  try {
    await test(store, async (work) => {
      await sql`analyze table event, event_type, stream_event`.execute(database.db)
      const before = await rowsRead()
      await work()
      return (await rowsRead()) - before
    })
  } finally {
    await store.close()
  }
}

test('reading the events of streams looks at the rows of those streams only', () =>
  withStore(async (store, rowsReadBy) => {
    const router = routerOf({})
    for (let from = 0; from < STREAMS; from += 100) {
      const arrivals = Array.from({ length: 100 * EVENTS_PER_STREAM }, (_, n) =>
        event({ host: `h${from + (n % 100)}`, timestamp: NOW }),
      ).map((one) => ({ event: one, at: NOW, keys: router.keysOf(one) }))
      await store.storeBatch({ arrivals, deadLetters: [] }, router)
    }
    for (const count of [10, STREAMS]) {
      const ids = Array.from({ length: count }, (_, index) => index + 1)
      let found = 0
      const read = await rowsReadBy(async () => {
        found = [...(await store.eventsOfStreams(ids)).values()].flat().length
      })
      expect(found).toBe(count * EVENTS_PER_STREAM)
      // A membership and an event each, and little beside.
      expect(read).toBeLessThan(3 * found + 200)
    }
  }))

test('events of a short time long ago are found without reading those of other times', () =>
  withStore(async (store, rowsReadBy) => {
    const second = (number: number) => NOW + number * 1_000_000
    for (let from = 0; from < 10_000; from += 1000) {
      const arrivals = Array.from({ length: 1000 }, (_, n) => event({ timestamp: second(from + n) }))
      const batch = arrivals.map((one) => ({ event: one, at: NOW, keys: [] }))
      await store.storeBatch({ arrivals: batch, deadLetters: [] }, routerOf({}))
    }
    const filter = { from: second(3000), to: second(3100) }
    for (const [page, ids] of [
      [{ mark: undefined, ascending: false }, [3101, 3100, 3099]],
      [{ mark: 3050, ascending: true }, [3051, 3052, 3053]],
    ] as const) {
      for (const eventType of [undefined, 'test.event']) {
        const read = await rowsReadBy(async () => {
          const events = await store.listEvents({ ...filter, eventType }, { ...page, limit: 3 })
          expect(events.map(({ id }) => id)).toEqual(ids)
        })
        // The hundred once to count them and once to sort them.
        expect(read).toBeLessThan(400)
      }
    }
  }))

test('a page of a time with thousands of events reads the ids of the page, not all of the time', () =>
  withStore(async (store, rowsReadBy) => {
    const second = (number: number) => NOW + number * 1_000_000
    for (let from = 0; from < 6000; from += 1000) {
      const arrivals = Array.from({ length: 1000 }, (_, n) => event({ timestamp: second(from + n) }))
      const batch = arrivals.map((one) => ({ event: one, at: NOW, keys: [] }))
      await store.storeBatch({ arrivals: batch, deadLetters: [] }, routerOf({}))
    }
    const filter = { from: second(-1), to: second(6000) }
    for (const [page, first] of [
      [{ mark: undefined, ascending: false }, 6000],
      [{ mark: undefined, ascending: true }, 1],
    ] as const) {
      const read = await rowsReadBy(async () => {
        const events = await store.listEvents(filter, { ...page, limit: 50 })
        expect(events.map(({ id }) => id).slice(0, 2)).toEqual(page.ascending ? [1, 2] : [6000, 5999])
        expect(events[0]?.id).toBe(first)
      })
      expect(read).toBeLessThan(600)
    }
  }))

test('what is read ahead for late events is their places in the index of times, not a whole index', () =>
  withStore(async (store, rowsReadBy) => {
    const second = (number: number) => NOW + number * 1_000_000
    const batchOf = (times: readonly number[]) =>
      times.map((time) => ({ event: event({ timestamp: second(time) }), at: NOW, keys: [] }))
    for (let from = 0; from < 3000; from += 1000) {
      const arrivals = batchOf(Array.from({ length: 1000 }, (_, n) => from + n))
      await store.storeBatch({ arrivals, deadLetters: [] }, routerOf({}))
    }
    const late = Array.from({ length: 400 }, (_, n) => n)
    const now = Array.from({ length: 600 }, (_, n) => 9000 + n)
    const read = await rowsReadBy(() => store.warmUp(batchOf([...late, ...now])))
    expect(read).toBeLessThan(1000)
    // In order of time nothing is late, however much time a batch spans.
    const next = await rowsReadBy(() =>
      store.warmUp(batchOf(Array.from({ length: 500 }, (_, n) => 9600 + n * 60))),
    )
    expect(next).toBeLessThan(100)
  }))

test('a step of trimming reads what is old, from where the last one has come to', () =>
  withStore(async (store, rowsReadBy) => {
    for (let from = 0; from < 10_000; from += 1000) {
      const arrivals = Array.from({ length: 1000 }, (_, n) => event({ timestamp: NOW + from + n }))
      const batch = arrivals.map((one) => ({ event: one, at: NOW, keys: [] }))
      await store.storeBatch({ arrivals: batch, deadLetters: [] }, routerOf({}))
    }
    const after = { generated: NOW + 4999, id: 5000 }
    for (const trim of [{ limit: 50 }, { limit: 50, after }]) {
      let trimmed = 0
      const read = await rowsReadBy(async () => {
        trimmed = (await store.trimEvents({ ...trim, olderThan: NOW + 9000 })).trimmed
      })
      expect(trimmed).toBe(50)
      // A thousand entries of the index, a look for the streams of each, and the fifty rows.
      expect(read).toBeLessThan(3000)
    }
    expect(await store.countEvents({}, { limit: 1, mark: undefined, ascending: true })).toBe(9900)
  }))

test('events of a type are found without reading those of others, and no more than are wanted', () =>
  withStore(async (store, rowsReadBy) => {
    const router = routerOf({ match_criteria: [{ event_type: 'none' }] })
    for (let from = 0; from < 10_000; from += 1000) {
      const arrivals = Array.from({ length: 1000 }, (_, n) => {
        const eventType = from === 0 && n < 30 ? 'rare' : 'common'
        return { event: event({ eventType, timestamp: NOW + from + n }), at: NOW, keys: [] }
      })
      await store.storeBatch({ arrivals, deadLetters: [] }, router)
    }
    for (const [eventType, limit, found] of [
      ['rare', 200, 30],
      ['common', 50, 50],
    ] as const) {
      for (const ascending of [false, true]) {
        let listed = 0
        const read = await rowsReadBy(async () => {
          listed = (await store.listEvents({ eventType }, { limit, mark: undefined, ascending })).length
        })
        expect(listed).toBe(found)
        expect(read).toBeLessThan(300)
      }
    }
  }))
