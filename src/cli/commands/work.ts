import type { Command } from 'commander'
import { loadConfig } from '../../config/load-config.ts'
import { createWorkerCounters } from '../../pipeline/worker-counters.ts'
import { createGroup } from '../../runtime/lifecycle.ts'
import { buildWorker } from '../build-worker.ts'
import {
  createStatistics,
  eventClockOf,
  logWarnings,
  processName,
  runUntilStopped,
  stopSignal,
} from '../daemon.ts'
import { observe } from '../observation.ts'
import { LONGEST_SILENCE_MS, openStore } from '../open-store.ts'
import { createCommand, loggerOf } from '../program.ts'
import { PublisherPool } from '../publisher-pool.ts'
import { requirePipelines } from '../require-pipelines.ts'
import { auditNeeds } from '../verify/audit-needs.ts'
import { withStore } from '../with-store.ts'
import { slowRunMetrics, workerMetrics } from '../worker-metrics.ts'

type Options = { config: string; name?: string; logLevel?: string }

/** `stv3 work`: fires and expires ready streams until it is stopped. */
export function workCommand(): Command {
  return createCommand(
    'work',
    'run the pipelines of streams that fire or expire',
    'stv3 work -c config/winchester.yaml --name worker-1',
  )
    .requiredOption('-c, --config <file>', 'winchester.yaml, or a yagi.conf that names one')
    .option(
      '--name <name>',
      'name of this worker, unique in the deployment (default: made of host and process)',
    )
    .action(work)
}

async function work(options: Options): Promise<void> {
  const signal = stopSignal()
  const config = await loadConfig(options.config, process.env)
  const { winchester } = config
  const logger = loggerOf(options, winchester.log_level)
  logWarnings(config, logger)
  const name = options.name ?? processName('worker')
  const pipelines = await requirePipelines(config)
  for (const need of auditNeeds(config.triggers, pipelines)) logger.info({}, need)
  const counters = createWorkerCounters()
  const onRepeat = () => counters.repeats++
  const observation = await observe(winchester, 'worker')
  const open = () => openStore(config, { writer: name, silenceMs: LONGEST_SILENCE_MS, onRepeat })
  let hindrance = (): string | undefined => undefined
  const daemon = { open, signal, logger, observation, hindrance: () => hindrance() }
  await withStore(daemon, async (store) => {
    const publishers = new PublisherPool(logger)
    try {
      const { clock, service } = eventClockOf(config, 'reads', name, logger)
      const { publisherFor } = publishers
      const parts = { config, pipelines, store, clock, logger, name, publisherFor, counters }
      const observer = observation && workerMetrics(observation.metrics, counters, store)
      const worker = buildWorker(observer ? { ...parts, observer } : parts)
      hindrance = () => worker.hindrance()
      if (observation) slowRunMetrics(observation.metrics, worker)
      const periodMs = winchester.statistics_period * 1000
      const statistics = createStatistics(logger, periodMs, () => worker.counters)
      const shutdownMs = winchester.shutdown_timeout_s * 1000
      await runUntilStopped(createGroup([service, statistics, worker]), signal, logger, shutdownMs)
    } finally {
      await publishers.close()
    }
  })
}
