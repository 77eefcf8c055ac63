import type { Metrics } from '../observe/metrics.ts'
import { samplesBy } from '../observe/samples-by.ts'
import type { RunObserver } from '../pipeline/worker/stream-runner.ts'
import type { Worker } from '../pipeline/worker/worker.ts'
import type { WorkerCounters } from '../pipeline/worker/worker-counters.ts'
import { readUnfinished } from '../replay/unfinished.ts'
import type { Queries } from '../store/ports/queries.ts'
import type { Replays } from '../store/ports/replays.ts'
import type { Watermarks } from '../store/ports/watermarks.ts'
import { streamsByState } from './streams-by-state.ts'
import { triggerMetrics } from './trigger-metrics.ts'

const COUNTED = {
  fired: 'streams whose fire_pipeline is done',
  expired: 'streams whose expire_pipeline is done',
  failed: 'runs that failed, those that are run again included',
  commitFailures: 'streams that were completed although a commit failed',
  retries: 'failed runs that are run again',
  lost: 'runs whose stream another worker had taken over',
  trimmed: 'old events that were deleted',
  misplaced: 'new events that match a trigger but can join no stream of it',
  repeats: 'transactions that were rolled back and run again',
}

/** Adds the counters of a worker to the metrics. Returns the observer that records its runs. */
export function workerMetrics(
  metrics: Metrics,
  counters: WorkerCounters,
  store: Queries & Pick<Replays, 'readReplay'> & Pick<Watermarks, 'readReports'>,
): RunObserver {
  metrics.counters('worker', COUNTED, () => counters)
  metrics.counter('worker_dead_letters', 'streams that became dead letters', ['stage'], () =>
    samplesBy('stage', Object.entries(counters.deadLettersByStage)),
  )
  triggerMetrics(metrics, () => counters.triggers)
  metrics.gauge('streams', 'streams by their state', ['state'], streamsByState(store))
  metrics.gauge('replay_unfinished', 'replays that nobody runs and that have not ended', [], async () => {
    const replay = await readUnfinished(store).catch(() => undefined)
    return [{ labels: {}, value: replay && !replay.isRunning ? 1 : 0 }]
  })
  const pipeline = metrics.histogram('pipeline_seconds', 'a run of a pipeline', ['pipeline', 'outcome'])
  const handler = metrics.histogram('handler_seconds', 'a step of a handler', [
    'pipeline',
    'handler',
    'step',
    'outcome',
  ])
  return {
    onPipeline: (labels, seconds) => pipeline(seconds, labels),
    onHandler: (labels, seconds) => handler(seconds, labels),
  }
}

/** Adds the number of a worker's slow runs to the metrics. */
export function slowRunMetrics(metrics: Metrics, worker: Pick<Worker, 'slowRuns'>): void {
  metrics.gauge('worker_slow_runs', 'runs that take more than a second, now', ['pipeline'], () =>
    samplesBy('pipeline', worker.slowRuns()),
  )
}
