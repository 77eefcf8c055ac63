import { sql } from 'kysely'
import { expect, test } from 'vitest'
import type { Event } from '../../src/domain/event.ts'
import type { Handler } from '../../src/pipeline/handler.ts'
import { openMysqlDatabase } from '../../src/store/mysql/mysql-database.ts'
import { upgradeSchema } from '../../src/store/schema/migrate.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import type { Store } from '../../src/store/store.ts'
import { createTestDatabase } from '../support/databases.ts'
import { ALL, storeFor, workerWith } from '../support/worker.ts'

/** A store whose database refuses one event. */
async function openStore(): Promise<Store> {
  const database = await openMysqlDatabase({ url: new URL(await createTestDatabase()) })
  await upgradeSchema(database.db, database.dialect.types)
  await sql`create trigger refuse before insert on event for each row
    begin if new.message_id = 'h7-made' then signal sqlstate '45000' set message_text = 'refused'; end if; end`.execute(
    database.db,
  )
  return createSqlStore(database, { writer: 'test' })
}

test('an event that the database refuses costs its own stream only', async () => {
  const store = await openStore()
  try {
    const hosts = Array.from({ length: 20 }, (_, n) => `h${n}`)
    await storeFor(store, hosts)
    class Made implements Handler {
      handleEvents(events: readonly Event[]): readonly Event[] {
        const [first] = events as [Event]
        return [...events, { ...first, messageId: `${first.messageId}-made`, eventType: 'made' }]
      }
      commit() {}
      rollback() {}
    }
    const { worker } = workerWith(store, Made, { retries: 0, concurrency: 4 })
    expect(await worker.pass('fire')).toBe(20)
    const streams = await store.listStreams({}, ALL)
    const failed = streams.filter(({ state }) => state !== 'completed')
    expect(failed).toMatchObject([
      { state: 'error', lastError: expect.stringContaining('its events cannot be stored') },
    ])
    expect(failed[0]?.distinguishingTraits.host).toEqual({ type: 'text', value: 'h7' })
    expect(await store.countEvents({ eventType: 'made' }, ALL)).toBe(19)
    expect(await store.listDeadLetters({}, ALL)).toMatchObject([{ stage: 'pipeline' }])
  } finally {
    await store.close()
  }
})
