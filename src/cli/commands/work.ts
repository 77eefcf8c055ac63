import { hostname } from 'node:os'
import type { Command } from 'commander'
import { loadConfig } from '../../config/load-config.ts'
import { createWorkerCounters } from '../../pipeline/worker-counters.ts'
import { createGroup } from '../../runtime/lifecycle.ts'
import type { Store } from '../../store/store.ts'
import { buildWorker } from '../build-worker.ts'
import {
  createStatistics,
  eventClockOf,
  logWarnings,
  openWhenReady,
  runUntilStopped,
  stopSignal,
} from '../daemon.ts'
import { observe } from '../observation.ts'
import { LONGEST_SILENCE_MS, openStore } from '../open-store.ts'
import { createCommand, loggerOf } from '../program.ts'
import { PublisherPool } from '../publisher-pool.ts'
import { requirePipelines } from '../require-pipelines.ts'
import { workerMetrics } from '../worker-metrics.ts'

type Options = { config: string; name?: string; logLevel?: string }

/** `stv3 work`: fires and expires ready streams until it is stopped. */
export function workCommand(): Command {
  return createCommand(
    'work',
    'run the pipelines of streams that fire or expire',
    'stv3 work -c config/winchester.yaml --name worker-1',
  )
    .requiredOption('-c, --config <file>', 'winchester.yaml, or a yagi.conf that names one')
    .option('--name <name>', 'name of this worker, unique in the deployment (default: host and process)')
    .action(work)
}

async function work(options: Options): Promise<void> {
  const signal = stopSignal()
  const config = await loadConfig(options.config, process.env)
  const { winchester } = config
  const logger = loggerOf(options, winchester.log_level)
  logWarnings(config, logger)
  const name = options.name ?? `worker-${hostname()}-${process.pid}`
  const pipelines = await requirePipelines(config)
  const counters = createWorkerCounters()
  const onRepeat = () => counters.repeats++
  const observation = await observe(winchester, 'worker')
  const publishers = new PublisherPool(logger)
  let store: Store | undefined
  const status = observation?.serve({ store: () => store, logger })
  try {
    // Before the database is open: a process that waits for it is alive.
    await status?.start()
    store = await openWhenReady(
      () => openStore(config, { writer: name, silenceMs: LONGEST_SILENCE_MS, onRepeat }),
      signal,
      logger,
    )
    if (!store) return
    const { clock, service } = eventClockOf(config, 'reads', name, logger)
    const { publisherFor } = publishers
    const parts = { config, pipelines, store, clock, logger, name, publisherFor, counters }
    const observer = observation && workerMetrics(observation.metrics, counters, () => store)
    const worker = buildWorker(observer ? { ...parts, observer } : parts)
    const statistics = createStatistics(logger, winchester.statistics_period * 1000, () => worker.counters)
    const shutdownMs = winchester.shutdown_timeout_s * 1000
    await runUntilStopped(createGroup([service, statistics, worker]), signal, logger, shutdownMs)
  } finally {
    await status?.stop()
    await publishers.close()
    await store?.close()
  }
}
