import type { Command } from 'commander'
import { type BuiltConsumer, buildConsumer } from '../../assembly/build-consumer.ts'
import { consumerMetrics } from '../../assembly/consumer-metrics.ts'
import {
  createStatistics,
  logWarnings,
  processName,
  runUntilStopped,
  stopSignal,
} from '../../assembly/daemon.ts'
import { consumerClockOf } from '../../assembly/event-clock-of.ts'
import { observe } from '../../assembly/observation.ts'
import { openBroker } from '../../assembly/open-broker.ts'
import { LONGEST_SILENCE_MS, openStore } from '../../assembly/open-store.ts'
import { withStore } from '../../assembly/with-store.ts'
import { loadConfig } from '../../config/load/load-config.ts'
import { createConsumerCounters } from '../../consumer/counters.ts'
import { StackTachError } from '../../domain/errors.ts'
import { createGroup } from '../../runtime/lifecycle.ts'
import type { ListenRange } from '../../runtime/listen-address.ts'
import { keepHeapSmall } from '../../runtime/memory.ts'
import { createCommand, loggerOf, statusOption } from '../program.ts'

type Options = { config: string; status?: ListenRange; logLevel?: string }

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
  keepHeapSmall()
  const config = await loadConfig(options.config, process.env)
  const { yagi, winchester } = config
  if (!yagi)
    throw new StackTachError('config', `consume needs a yagi.conf, ${options.config} is a winchester.yaml`)
  const logger = loggerOf(options, winchester.log_level)
  logWarnings(config, logger)
  const counters = createConsumerCounters()
  const onRepeat = () => counters.repeats++
  const observation = await observe(winchester, 'consumer', options.status)
  const onBatch = observation && consumerMetrics(observation.metrics, counters)
  const name = processName('consumer')
  const open = () => openStore(config, { writer: name, silenceMs: LONGEST_SILENCE_MS, onRepeat })
  await withStore({ open, signal, logger, observation }, async (store) => {
    const broker = await openBroker(yagi.broker, logger)
    try {
      const { clock, service } = consumerClockOf({ config, name, logger, store })
      const parts = { config, yagi, broker, store, clock, logger, counters }
      const consumer = await buildConsumer(onBatch ? { ...parts, onBatch } : parts)
      observation?.health.add('consumer', () => hindranceOf(consumer))
      const periodMs = yagi.statisticsMs ?? winchester.statistics_period * 1000
      const statistics = createStatistics(logger, periodMs, () => consumer.counters)
      const shutdownMs = winchester.shutdown_timeout_s * 1000
      await runUntilStopped(createGroup([service, statistics, consumer]), signal, logger, shutdownMs)
    } finally {
      await broker.close()
    }
  })
}

function hindranceOf(consumer: BuiltConsumer): string | undefined {
  const [unread, awaited, waiting] = [consumer.unread(), consumer.awaited(), consumer.waiting()]
  if (unread.length > 0) return `not read at the moment: ${unread.join(', ')}`
  if (awaited.length > 0) return `not created yet by their owner: ${awaited.join(', ')}`
  return waiting.length > 0 ? `waiting for an app: ${waiting.join(', ')}` : undefined
}
