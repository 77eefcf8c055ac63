import { hostname } from 'node:os'
import type { Command } from 'commander'
import { loadConfig } from '../../config/load-config.ts'
import { StackTachError } from '../../domain/errors.ts'
import { createGroup } from '../../runtime/lifecycle.ts'
import { keepHeapSmall } from '../../runtime/memory.ts'
import { buildConsumer } from '../build-consumer.ts'
import {
  createStatistics,
  eventClockOf,
  logWarnings,
  openWhenReady,
  runUntilStopped,
  stopSignal,
} from '../daemon.ts'
import { openBroker } from '../open-broker.ts'
import { LONGEST_SILENCE_MS, openStore } from '../open-store.ts'
import { createCommand, loggerOf } from '../program.ts'

type Options = { config: string; logLevel?: string }

/** `stv3 consume`: reads the queues of a yagi.conf until it is stopped. */
export function consumeCommand(): Command {
  return createCommand(
    'consume',
    'read notifications from RabbitMQ, archive and distil them, and put them into their streams',
    'stv3 consume -c config/yagi.conf',
  )
    .requiredOption('-c, --config <file>', 'yagi.conf')
    .action(consume)
}

async function consume(options: Options): Promise<void> {
  const signal = stopSignal()
  keepHeapSmall()
  const config = await loadConfig(options.config, process.env)
  const { yagi, winchester } = config
  if (!yagi)
    throw new StackTachError('config', `consume needs a yagi.conf, ${options.config} is a winchester.yaml`)
  const logger = loggerOf(options, winchester.log_level)
  logWarnings(config, logger)
  const name = `consumer-${hostname()}-${process.pid}`
  const store = await openWhenReady(() => openStore(config, name, LONGEST_SILENCE_MS), signal, logger)
  if (!store) return
  const broker = await openBroker(yagi.broker, logger)
  try {
    const { clock, service } = eventClockOf(config, 'posts', name, logger)
    const consumer = await buildConsumer({ config, yagi, broker, store, clock, logger })
    const statistics = createStatistics(
      logger,
      yagi.statisticsMs ?? winchester.statistics_period * 1000,
      () => consumer.counters,
    )
    const shutdownMs = winchester.shutdown_timeout_s * 1000
    await runUntilStopped(createGroup([service, statistics, consumer]), signal, logger, shutdownMs)
  } finally {
    await broker.close()
    await store.close()
  }
}
