import { expect, onTestFinished, test } from 'vitest'
import type { Event } from '../../../src/domain/event.ts'
import type { Handler } from '../../../src/pipeline/handler.ts'
import { createStreamRunner } from '../../../src/pipeline/stream-runner.ts'
import { Worker } from '../../../src/pipeline/worker.ts'
import { createManualClock } from '../../../src/runtime/event-clock.ts'
import { silentLogger } from '../../../src/runtime/logger.ts'
import { upgradeSchema } from '../../../src/store/migrate.ts'
import { createSqlStore } from '../../../src/store/sql-store.ts'
import { openSqliteDatabase } from '../../../src/store/sqlite-database.ts'
import { at, event, routerOf } from '../../support/events.ts'

const NOW = at('2026-01-01T00:00:00')
const PAGE = { limit: 100, mark: undefined, ascending: true }

/** Makes an event like the first one. */
class Feeding implements Handler {
  handleEvents(events: readonly Event[]): readonly Event[] {
    const [first] = events as [Event]
    return [...events, { ...first, messageId: `${first.messageId}+` }]
  }
  commit() {
    commits++
  }
  rollback() {}
}

let commits = 0

test('a pipeline that feeds itself is stopped after max_generations, with a dead letter', async () => {
  const database = openSqliteDatabase(':memory:')
  await upgradeSchema(database.db, database.dialect.types)
  const store = await createSqlStore(database, { writer: 'test' })
  onTestFinished(() => store.close())
  const router = routerOf({ match_criteria: [{ event_type: 'x' }], fire_criteria: [{ event_type: 'x' }] })
  const clock = createManualClock(NOW + 1)
  const pipeline = { name: 'fire', steps: [{ name: 'feeding', handler: Feeding, params: {} }] }
  const shared = { router, clock, logger: silentLogger }
  const runner = createStreamRunner({
    ...shared,
    pipelines: new Map([['fire', pipeline]]),
    purge: false,
    retries: 3,
    maxGenerations: 4,
  })
  const worker = new Worker({
    ...shared,
    runner,
    store,
    name: 'test',
    batchSize: 100,
    delayMs: 10,
    leaseMs: 60_000,
    concurrency: 1,
    trim: undefined,
  })
  const first = event({ messageId: 'm', eventType: 'x', host: 'h', timestamp: NOW })
  const arrivals = [{ event: first, at: NOW, keys: router.keysOf(first) }]
  await store.storeBatch({ arrivals, deadLetters: [] }, router)
  while ((await worker.pass('fire')) > 0) clock.set(clock.now() + 1)
  const streams = await store.listStreams({}, PAGE)
  expect(streams.map(({ state, generation }) => [state, generation])).toEqual([
    ['completed', 0],
    ['completed', 1],
    ['completed', 2],
    ['completed', 3],
    ['error', 4],
  ])
  expect(streams.at(-1)?.lastError).toBe(
    'its new event x would feed a stream, after 4 pipelines in a row (max_generations)',
  )
  expect(await store.listDeadLetters({}, PAGE)).toMatchObject([{ stage: 'pipeline' }])
  // The last one has had no effects.
  expect(commits).toBe(4)
})
