import type { Config } from '../config/load/config.ts'
import { createDistiller } from '../distiller/distiller.ts'
import type { Micros } from '../domain/time.ts'
import type { Pipeline } from '../pipeline/load-pipelines.ts'
import { createWorkerCounters, type WorkerCounters } from '../pipeline/worker/worker-counters.ts'
import { quietPipelines, type Unsent, withoutPipelines } from '../replay/quiet-pipelines.ts'
import type { PrepareRecordOptions } from '../replay/records/prepare-record.ts'
import type { RecordSource } from '../replay/records/record.ts'
import type { ReplayPosition } from '../replay/records/replay-place.ts'
import { Replay, type ReplayCounts, type ReplayOptions } from '../replay/replay.ts'
import { createReplayClock } from '../replay/replay-clock.ts'
import type { ReplayHold } from '../replay/replay-hold.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Store } from '../store/store.ts'
import { buildRouter } from './build-router.ts'
import { buildWorker } from './build-worker.ts'
import { clockSettingsOf } from './event-clock-of.ts'
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
  /** the name of the process */
  readonly name: string
  /** whether pipelines run; else streams that are due are completed */
  readonly runsPipelines: boolean
  /** whether handlers send what they have to send */
  readonly publishes: boolean
  /** called with what a handler would have sent */
  readonly onUnsent?: (unsent: Unsent) => void
  /** the position in a database that others use; undefined for a temporary store */
  readonly hold?: ReplayHold | undefined
  /** the queue that the position is reported under */
  readonly queue?: string
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
  const { store, workerLogger: logger, signal, hold, name, from, wallNow, queue = '' } = parts
  const config = replayConfig(parts)
  const pipelines = parts.publishes ? parts.pipelines : quietPipelines(parts.pipelines, parts.onUnsent)
  const clock = createReplayClock({ queue, wallNow, patienceMs: clockSettingsOf(config).patienceMs })
  const counters = createWorkerCounters()
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
    const retries = () => counters.retries
    const replay = new Replay({ ...parts, records, router, worker, clock, retries, hold }, from?.at)
    signal.throwIfAborted()
    return { counts: await replay.run(), worker: counters, now: clock.now() }
  } finally {
    await worker.stop()
    await publishers.close()
  }
}

/** Returns the configuration that a replay runs with: what a dry run or grouping makes is kept to be seen. */
function replayConfig({ config, runsPipelines, hold }: ReplayParts): Config {
  const { winchester, triggers } = config
  const isKept = !runsPipelines || !hold
  return {
    ...config,
    triggers: runsPipelines ? triggers : withoutPipelines(triggers),
    winchester: {
      ...winchester,
      purge_completed_streams: isKept ? false : winchester.purge_completed_streams,
      // Nothing is away in a dry run: what fails fails again.
      pipeline_retries: hold ? winchester.pipeline_retries : 0,
    },
  }
}
