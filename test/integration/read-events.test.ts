import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { upgradeSchema } from '../../src/store/migrate.ts'
import { openMysqlDatabase } from '../../src/store/mysql-database.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import { createTestDatabase } from '../support/databases.ts'
import { at, event, routerOf } from '../support/events.ts'

const NOW = at('2026-01-01T00:00:00')
const STREAMS = 2000
const EVENTS_PER_STREAM = 5

test('reading the events of streams looks at the rows of those streams only', async () => {
  // One connection: the server counts for each what it has read.
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
    const router = routerOf({})
    for (let from = 0; from < STREAMS; from += 100) {
      const arrivals = Array.from({ length: 100 * EVENTS_PER_STREAM }, (_, n) =>
        event({ host: `h${from + (n % 100)}`, timestamp: NOW }),
      ).map((one) => ({ event: one, at: NOW, keys: router.keysOf(one) }))
      await store.storeBatch({ arrivals, deadLetters: [] }, router)
    }
    await sql`analyze table event, event_type, stream_event`.execute(database.db)
    for (const count of [10, STREAMS]) {
      const ids = Array.from({ length: count }, (_, index) => index + 1)
      const before = await rowsRead()
      const events = [...(await store.eventsOfStreams(ids)).values()].flat()
      const read = (await rowsRead()) - before
      expect(events).toHaveLength(count * EVENTS_PER_STREAM)
      // A membership and an event each, and little beside.
      expect(read).toBeLessThan(3 * events.length + 200)
    }
  } finally {
    await store.close()
  }
})
