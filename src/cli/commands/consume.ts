import type { Command } from 'commander'
import { buildConsumer } from '../../assembly/build-consumer.ts'
import { consumerMetrics } from '../../assembly/consumer-metrics.ts'
import {
  createStatistics,
  logWarnings,
  processName,
  runUntilStopped,
  stopSignal,
} from '../../assembly/daemon.ts'
import { followConsumer, isoOrNull } from '../../assembly/daemon-keys.ts'
import { DaemonLog, type LogOptions } from '../../assembly/daemon-log.ts'
import { daemonStatus } from '../../assembly/daemon-status.ts'
import { consumerClockOf } from '../../assembly/event-clock-of.ts'
import { observe } from '../../assembly/observation.ts'
import { nameOfBrokers, openBroker } from '../../assembly/open-broker.ts'
import { LONGEST_SILENCE_MS, openStore } from '../../assembly/open-store.ts'
import { Hangups } from '../../assembly/reload/hangups.ts'
import { Reloader } from '../../assembly/reload/reloader.ts'
import { createTallyKeeper } from '../../assembly/tally-keeper.ts'
import { withStore } from '../../assembly/with-store.ts'
import type { Config } from '../../config/load/config.ts'
import { loadConfig } from '../../config/load/load-config.ts'
import { describeWithoutWinchester } from '../../config/load/without-winchester.ts'
import { createConsumerCounters } from '../../consumer/counters.ts'
import { StackTachError } from '../../domain/errors.ts'
import { TallyBook } from '../../domain/tally.ts'
import { createGroup } from '../../runtime/lifecycle.ts'
import type { ListenRange } from '../../runtime/listen-address.ts'
import { keepHeapSmall, releaseMemory } from '../../runtime/memory.ts'
import { ServiceManager } from '../../runtime/service-manager.ts'
import { createCommand, statusOption } from '../program.ts'

type Options = LogOptions & { config: string; status?: ListenRange }

/** Creates `stv3 consume`, which reads the queues of a yagi.conf until it is stopped. */
export function consumeCommand(): Command {
  return createCommand(
    'consume',
    'read notifications from RabbitMQ, archive and distil them, and put them into their streams',
    'stv3 consume -c config/yagi.conf',
  )
    .requiredOption('-c, --config <file>', 'yagi.conf')
    .addOption(statusOption())
    .action(consume)
}

async function consume(options: Options): Promise<void> {
  const signal = stopSignal()
  const hangups = new Hangups()
  keepHeapSmall()
  const config = await loadConfig(options.config, process.env)
  const { yagi, winchester } = config
  if (!yagi)
    throw new StackTachError('config', `consume needs a yagi.conf, ${options.config} is a winchester.yaml`)
  const log = new DaemonLog(config, 'consumer', options)
  const { logger } = log
  const manager = new ServiceManager(process.env, logger)
  logWarnings(config, logger)
  const without = describeWithoutWinchester(config)
  if (without) logger.info({}, without)
  const counters = createConsumerCounters()
  const onRepeat = () => counters.repeats++
  const observation = await observe(winchester, 'consumer', options.status)
  const onBatch = observation && consumerMetrics(observation.metrics, counters)
  const name = processName('consumer')
  observation?.addFacts(() => ({ name, newest_event: isoOrNull(counters.newest) }))
  const status = daemonStatus({ settings: winchester, role: 'consumer', name, logger, observation })
  followConsumer(status, counters)
  const open = () => openStore(config, { writer: name, silenceMs: LONGEST_SILENCE_MS, onRepeat })
  await withStore({ open, signal, logger, observation, manager, status }, async (store) => {
    const broker = await openBroker(yagi.broker, logger)
    try {
      const { clock, service } = consumerClockOf({ config, name, logger, store })
      const tally = new TallyBook()
      const parts = { config, yagi, broker, store, clock, logger, counters, tally }
      const consumer = await buildConsumer(onBatch ? { ...parts, onBatch } : parts)
      status.follow(() => ({
        'archive.file': consumer.archiveFiles().join(' ') || undefined,
        'consumer.hindrance': consumer.hindrance(),
      }))
      observation?.health.add('consumer', () => consumer.hindrance())
      const periodMs = yagi.statisticsMs ?? winchester.statistics_period * 1000
      const statistics = createStatistics(logger, periodMs, () => consumer.counters)
      const shutdownMs = winchester.shutdown_timeout_s * 1000
      releaseMemory()
      const reloader = new Reloader({
        file: options.config,
        role: 'consumer',
        config,
        log,
        manager,
        status,
        prepare: async (next) => ({
          needsRestart: appsWithDefinitions(config, next),
          apply: () => consumer.useRules(next),
        }),
      })
      const keeper = createTallyKeeper({ book: tally, store, contact: { name, role: 'consumer' }, logger })
      const services = [service, statistics, keeper, consumer, reloader.service(hangups)]
      const first = { sentence: `waiting for ${nameOfBrokers(yagi.broker)}`, ended: consumer.reached }
      await runUntilStopped(createGroup(services), { signal, logger, shutdownMs, first, manager, status })
    } finally {
      await broker.close()
    }
  })
}

/** Returns the apps that made a distiller of the definitions at the start, where these have changed. */
function appsWithDefinitions(running: Config, next: Config): string[] {
  if (JSON.stringify(running.written.definitions) === JSON.stringify(next.written.definitions)) return []
  const apps = running.yagi?.queues.flatMap((queue) => queue.apps) ?? []
  const names = apps.filter(({ kind, values }) => kind === 'elasticsearch' && !values.distiller_config)
  return [...new Set(names.map(({ name }) => `event definitions of ${name}`))]
}
