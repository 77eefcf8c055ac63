import { onTestFinished } from 'vitest'
import { createManualClock } from '../../src/clock/event-clock.ts'
import type { HandlerClass, HandlerParams } from '../../src/pipeline/handler.ts'
import { checkedParams } from '../../src/pipeline/handlers/check-params.ts'
import { createStreamRunner } from '../../src/pipeline/worker/stream-runner.ts'
import { Worker, type WorkerOptions } from '../../src/pipeline/worker/worker.ts'
import { silentLogger } from '../../src/runtime/logger.ts'
import { upgradeSchema } from '../../src/store/schema/migrate.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import { openSqliteDatabase } from '../../src/store/sqlite/sqlite-database.ts'
import type { Store } from '../../src/store/store.ts'
import { at, event, routerOf } from './events.ts'

export const NOW = at('2026-01-01T00:00:00')
export const ALL = { limit: 1000, mark: undefined, ascending: true }

/** Router in which events of type x join the stream of their host and make it fire at once. */
export const router = routerOf({
  match_criteria: [{ event_type: 'x' }],
  fire_criteria: [{ event_type: 'x' }],
})

/** Opens an empty embedded store that is closed when the test ends. */
export async function openTestStore(): Promise<Store> {
  const database = openSqliteDatabase(':memory:')
  await upgradeSchema(database.db, database.dialect.types)
  const store = await createSqlStore(database, { writer: 'test' })
  onTestFinished(() => store.close())
  return store
}

/** Stores one event for each host; its message_id is the host. */
export async function storeFor(store: Store, hosts: readonly string[]): Promise<void> {
  const arrivals = hosts
    .map((host) => event({ messageId: host, host, eventType: 'x', timestamp: NOW }))
    .map((one) => ({ event: one, at: NOW, keys: router.keysOf(one) }))
  await store.storeBatch({ arrivals, deadLetters: [] }, router)
}

/** Creates a worker whose fire pipeline has one handler, and its clock. */
export function workerWith(
  store: Store,
  handler: HandlerClass,
  options: Partial<WorkerOptions> & { readonly maxGenerations?: number; readonly retries?: number } = {},
  params: HandlerParams = {},
) {
  const clock = createManualClock(NOW + 1)
  const pipeline = {
    name: 'fire',
    steps: [{ name: 'tested', handler, params: checkedParams(handler, params) }],
  }
  const shared = { router, clock, logger: silentLogger }
  const { maxGenerations, retries = 3, ...others } = options
  const runner = createStreamRunner({
    ...shared,
    pipelines: new Map([['fire', pipeline]]),
    purge: false,
    retries,
    maxGenerations,
  })
  const worker = new Worker({
    ...shared,
    runner,
    store,
    name: 'test',
    batchSize: 100,
    delayMs: 10,
    leaseMs: 60_000,
    concurrency: 2,
    trim: undefined,
    ...others,
  })
  return { worker, clock }
}
