import type { Config } from '../config/load/config.ts'
import { createDistiller } from '../distiller/distiller.ts'
import type { Micros } from '../domain/time.ts'
import type { Pipeline } from '../pipeline/load-pipelines.ts'
import { quietPipelines, type Unsent } from '../pipeline/quiet-pipelines.ts'
import { createWorkerCounters, type WorkerCounters } from '../pipeline/worker/worker-counters.ts'
import type { KeptPosition } from '../replay/kept-position.ts'
import type { PrepareRecordOptions } from '../replay/records/prepare-record.ts'
import type { RecordSource } from '../replay/records/record.ts'
import type { ReplayPosition } from '../replay/records/replay-place.ts'
import { Replay, type ReplayCounts, type ReplayOptions } from '../replay/replay.ts'
import { createReplayClock } from '../replay/replay-clock.ts'
import { withoutPipelines } from '../replay/without-pipelines.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Store } from '../store/store.ts'
import { buildRouter } from './build-router.ts'
import { buildWorker } from './build-worker.ts'
import { PublisherPool } from './publisher-pool.ts'

/** What records are prepared with. */
export type RecordRules = Pick<
  PrepareRecordOptions,
  'distiller' | 'router' | 'maxMessageBytes' | 'encode'
> & {
  readonly router: ReturnType<typeof buildRouter>
}

export type ReplayParts = Pick<ReplayOptions, 'logger' | 'signal' | 'wallNow' | 'speed' | 'onStored'> & {
  readonly config: Config
  readonly pipelines: ReadonlyMap<string, Pipeline>
  readonly store: Store
  /** receives what handlers and the worker log */
  readonly workerLogger: Logger
  /** counts what the replay's own worker does, as it does it */
  readonly counters?: WorkerCounters
  /** the name of the process */
  readonly name: string
  /** whether pipelines run; else streams that are due are completed */
  readonly runsPipelines: boolean
  /** whether handlers send what they have to send */
  readonly publishes: boolean
  /** called with what a handler would have sent */
  readonly onUnsent?: (unsent: Unsent) => void
  /** the position in a database that others use; undefined for a temporary store */
  readonly position?: KeptPosition | undefined
  /** where an earlier process stood */
  readonly from?: ReplayPosition | undefined
  /** Opens the records. */
  readonly open: (rules: RecordRules) => RecordSource
}

/** What a replay did. */
export type ReplayResult = {
  readonly counts: ReplayCounts
  /** what the replay's own worker did */
  readonly worker: WorkerCounters
  /** the event time that was reached */
  readonly now: Micros
}

/**
 * Replays records into a store, with a worker of its own on the clock of the records.
 *
 * @example
 * const { counts } = await runReplay({ config, pipelines, store, open: (rules) => source(rules), ...others })
 */
export async function runReplay(parts: ReplayParts): Promise<ReplayResult> {
  const { store, workerLogger: logger, position, name, from, wallNow } = parts
  const config = replayConfig(parts)
  const pipelines = parts.publishes ? parts.pipelines : quietPipelines(parts.pipelines, parts.onUnsent)
  const clock = createReplayClock(wallNow)
  const { counters = createWorkerCounters() } = parts
  const publishers = new PublisherPool(logger)
  const { publisherFor } = publishers
  const worker = buildWorker({ config, pipelines, store, clock, logger, name, counters, publisherFor })
  // Streams that are due take no more events, as with `clock: auto`: the order of runs changes nothing.
  const router = buildRouter(config.triggers, logger, counters, undefined, true)
  const { catch_all_notifications: catchAll } = config.winchester
  const rules = {
    router,
    distiller: createDistiller(config.definitions, { catchAll }),
    maxMessageBytes: config.yagi?.broker.maxMessageBytes ?? Number.POSITIVE_INFINITY,
    encode: store.encode,
  }
  try {
    const records = parts.open(rules)
    // Runs that wait for a receiver go on to their end; a second signal ends the process.
    const settle = () => worker.retire()
    const replay = new Replay({ ...parts, records, router, worker, clock, settle, position }, from?.at)
    const done = await replay.run()
    return { counts: done, worker: counters, now: clock.now() }
  } finally {
    await worker.stop()
    await publishers.close()
  }
}

/** Most streams that are claimed at a time. */
const MOST_CLAIMED = 200

/** Returns the configuration that a replay runs with: what a dry run or grouping makes is kept to be seen. */
function replayConfig({ config, runsPipelines, position }: ReplayParts): Config {
  const { winchester, triggers } = config
  const isKept = !runsPipelines || !position
  return {
    ...config,
    triggers: runsPipelines ? triggers : withoutPipelines(triggers),
    winchester: {
      ...winchester,
      // Fewer streams are in memory at the same time, beside the batch that is stored meanwhile.
      pipeline_worker_batch_size: Math.min(MOST_CLAIMED, winchester.pipeline_worker_batch_size),
      purge_completed_streams: isKept ? false : winchester.purge_completed_streams,
      // Nothing is away in a dry run: what fails fails again.
      pipeline_retries: position ? winchester.pipeline_retries : 0,
    },
  }
}
