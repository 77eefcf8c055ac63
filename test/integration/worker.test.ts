import { sql } from 'kysely'
import { expect, test } from 'vitest'
import type { Event } from '../../src/domain/event.ts'
import type { Handler } from '../../src/pipeline/handler.ts'
import type { Pipeline } from '../../src/pipeline/handler-registry.ts'
import { createStreamRunner } from '../../src/pipeline/stream-runner.ts'
import { Worker } from '../../src/pipeline/worker.ts'
import { createManualClock } from '../../src/runtime/event-clock.ts'
import { silentLogger } from '../../src/runtime/logger.ts'
import { upgradeSchema } from '../../src/store/migrate.ts'
import { openMysqlDatabase } from '../../src/store/mysql-database.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import type { Store } from '../../src/store/store.ts'
import { createTestDatabase } from '../support/databases.ts'
import { at, event, routerOf } from '../support/events.ts'

const NOW = at('2026-01-01T00:00:00')
const ALL = { limit: 1000, mark: undefined, ascending: true }
const router = routerOf({ match_criteria: [{ event_type: 'x.*' }], fire_criteria: [{ event_type: 'x.end' }] })

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

function workerOf(store: Store, handler: new () => Handler): Worker {
  const pipeline: Pipeline = { steps: [{ name: 'made', handler, params: {} }] } as unknown as Pipeline
  const clock = createManualClock(NOW + 1)
  const shared = { router, clock, logger: silentLogger }
  return new Worker({
    ...shared,
    name: 'test',
    store,
    runner: createStreamRunner({
      ...shared,
      pipelines: new Map([['fire', pipeline]]),
      purge: false,
      retries: 0,
    }),
    batchSize: 100,
    delayMs: 10,
    leaseMs: 60_000,
    concurrency: 4,
    trim: undefined,
  })
}

test('an event that the database refuses costs its own stream only', async () => {
  const store = await openStore()
  try {
    const hosts = Array.from({ length: 20 }, (_, n) => `h${n}`)
    const arrivals = hosts
      .map((host) => event({ messageId: host, host, eventType: 'x.end', timestamp: NOW }))
      .map((one) => ({ event: one, at: NOW, keys: router.keysOf(one) }))
    await store.storeBatch({ arrivals, deadLetters: [] }, router)
    class Made implements Handler {
      handleEvents(events: readonly Event[]): readonly Event[] {
        const [first] = events as [Event]
        return [...events, { ...first, messageId: `${first.messageId}-made`, eventType: 'made' }]
      }
      commit() {}
      rollback() {}
    }
    expect(await workerOf(store, Made).pass('fire')).toBe(20)
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
