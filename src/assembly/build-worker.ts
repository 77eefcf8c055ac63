import { availableParallelism } from 'node:os'
import type { EventClock } from '../clock/event-clock.ts'
import type { Config } from '../config/load/config.ts'
import type { TallyBook } from '../domain/tally.ts'
import { createEventFinder } from '../pipeline/find-events.ts'
import type { HandlerContext } from '../pipeline/handler.ts'
import type { Pipeline } from '../pipeline/load-pipelines.ts'
import { quietPipelines } from '../pipeline/quiet-pipelines.ts'
import { createStreamRunner, type RunObserver } from '../pipeline/worker/stream-runner.ts'
import { Worker } from '../pipeline/worker/worker.ts'
import { createWorkerCounters, type WorkerCounters } from '../pipeline/worker/worker-counters.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Store } from '../store/store.ts'
import { TriggerDebug } from '../streams/trigger-debug.ts'
import { buildRouter } from './build-router.ts'
import { hasAutoClock } from './event-clock-of.ts'
import { useOutgoingOf } from './outgoing-of.ts'

export type WorkerParts = {
  readonly config: Config
  readonly pipelines: ReadonlyMap<string, Pipeline>
  readonly store: Store
  readonly clock: EventClock
  readonly logger: Logger
  readonly name: string
  readonly counters?: WorkerCounters
  /** counts what is kept over restarts */
  readonly tally?: TallyBook
  readonly observer?: RunObserver
  /** gives publishers to handlers; undefined: handlers cannot publish */
  readonly publisherFor?: HandlerContext['publisherFor']
}

const LANES_PER_CORE = 4

/** Builds the pipeline worker of a configuration. */
export function buildWorker(parts: WorkerParts): Worker {
  const { config, pipelines, store, clock, logger, name, publisherFor } = parts
  const { winchester } = config
  useOutgoingOf(config)
  const { counters = createWorkerCounters(), observer, tally } = parts
  const debug = new TriggerDebug(config.triggers, counters.triggers)
  const router = buildRouter(config.triggers, logger, counters, debug, hasAutoClock(config), tally)
  const runner = createStreamRunner({
    router,
    pipelines,
    quietPipelines: quietPipelines(pipelines),
    clock,
    logger,
    publisherFor,
    findEvents: createEventFinder(store),
    observer,
    debug,
    purge: winchester.purge_completed_streams,
    retries: winchester.pipeline_retries,
    maxGenerations: winchester.max_generations,
  })
  return new Worker({
    counters,
    debug,
    tally,
    name,
    store,
    router,
    runner,
    clock,
    logger,
    batchSize: winchester.pipeline_worker_batch_size,
    delayMs: winchester.pipeline_worker_delay * 1000,
    leaseMs: winchester.lease_s * 1000,
    deadLetterDays: winchester.dead_letter_days,
    concurrency: LANES_PER_CORE * availableParallelism(),
    trim: winchester.trim_events
      ? { age: config.trimEventsAge, batchSize: winchester.trim_events_batch_size }
      : undefined,
  })
}
