import type { Command } from 'commander'
import { buildWorker, type WorkerParts } from '../../assembly/build-worker.ts'
import { observeClock } from '../../assembly/clock-metrics.ts'
import {
  createStatistics,
  logWarnings,
  processName,
  runUntilStopped,
  stopSignal,
} from '../../assembly/daemon.ts'
import { followWorker } from '../../assembly/daemon-keys.ts'
import { DaemonLog, type LogOptions } from '../../assembly/daemon-log.ts'
import { daemonStatus } from '../../assembly/daemon-status.ts'
import { workerClockOf } from '../../assembly/event-clock-of.ts'
import { observe } from '../../assembly/observation.ts'
import { LONGEST_SILENCE_MS, openStore } from '../../assembly/open-store.ts'
import { PublisherPool } from '../../assembly/publisher-pool.ts'
import { Hangups } from '../../assembly/reload/hangups.ts'
import { Reloader } from '../../assembly/reload/reloader.ts'
import { RunningWorker } from '../../assembly/reload/running-worker.ts'
import { requirePipelines } from '../../assembly/require-pipelines.ts'
import { createTallyKeeper } from '../../assembly/tally-keeper.ts'
import { withStore } from '../../assembly/with-store.ts'
import { slowRunMetrics, workerMetrics } from '../../assembly/worker-metrics.ts'
import { WatermarkClock } from '../../clock/watermark-clock.ts'
import type { Config } from '../../config/load/config.ts'
import { loadWholeConfig } from '../../config/load/load-config.ts'
import { messageOf } from '../../domain/errors.ts'
import { TallyBook } from '../../domain/tally.ts'
import { auditNeeds } from '../../explain/verify/audit-needs.ts'
import { createWorkerCounters } from '../../pipeline/worker/worker-counters.ts'
import { createGroup } from '../../runtime/lifecycle.ts'
import type { ListenRange } from '../../runtime/listen-address.ts'
import { ServiceManager } from '../../runtime/service-manager.ts'
import { createCommand, statusOption } from '../program.ts'

type Options = LogOptions & { config: string; name?: string; status?: ListenRange }

/** Creates `stv3 work`, which fires and expires due streams until it is stopped. */
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
    .addOption(statusOption())
    .action(work)
}

async function work(options: Options): Promise<void> {
  const signal = stopSignal()
  const hangups = new Hangups()
  const config = await loadWholeConfig(options.config, process.env)
  const { winchester } = config
  const log = new DaemonLog(config, 'worker', options)
  const { logger } = log
  const manager = new ServiceManager(process.env, logger)
  logWarnings(config, logger)
  const name = options.name ?? processName('worker')
  const pipelines = await requirePipelines(config, logger)
  for (const need of auditNeeds(config.triggers, pipelines)) logger.info({}, need)
  const counters = createWorkerCounters()
  const onRepeat = () => counters.repeats++
  const observation = await observe(winchester, 'worker', options.status)
  observation?.addFacts(() => ({ name }))
  const status = daemonStatus({ settings: winchester, role: 'worker', name, logger, observation })
  followWorker(status, counters)
  const open = () => openStore(config, { writer: name, silenceMs: LONGEST_SILENCE_MS, onRepeat })
  await withStore({ open, signal, logger, observation, manager, status }, async (store) => {
    const publishers = new PublisherPool(logger)
    try {
      const { clock, service } = workerClockOf({ config, name, logger, store })
      const { publisherFor } = publishers
      const tally = new TallyBook()
      const parts = { store, clock, logger, name, publisherFor, counters, tally }
      const observer = observation && workerMetrics(observation.metrics, counters, store)
      const build = (by: Pick<WorkerParts, 'config' | 'pipelines'>) =>
        buildWorker(observer ? { ...parts, ...by, observer } : { ...parts, ...by })
      const worker = new RunningWorker(build({ config, pipelines }), (error) =>
        logger.error({ error: messageOf(error) }, 'the worker of before the reload did not end in order'),
      )
      const prepare = async (next: Config) => {
        const built = build({ config: next, pipelines: await requirePipelines(next, logger) })
        return { apply: () => worker.replace(built) }
      }
      const reloader = new Reloader({
        file: options.config,
        role: 'worker',
        config,
        log,
        manager,
        status,
        prepare,
      })
      status.follow(() => ({ 'worker.hindrance': worker.hindrance() }))
      observation?.health.add('worker', () => worker.hindrance())
      observation?.health.addRemarks(() => [...worker.away(), ...publishers.hindrances()])
      if (clock instanceof WatermarkClock) observeClock(observation, clock)
      if (observation) slowRunMetrics(observation.metrics, worker)
      const periodMs = winchester.statistics_period * 1000
      const statistics = createStatistics(logger, periodMs, () => counters)
      const shutdownMs = winchester.shutdown_timeout_s * 1000
      const keeper = createTallyKeeper({ book: tally, store, contact: { name, role: 'worker' }, logger })
      const services = [service, statistics, keeper, worker, reloader.service(hangups)]
      await runUntilStopped(createGroup(services), { signal, logger, shutdownMs, manager, status })
    } finally {
      await publishers.close()
    }
  })
}
