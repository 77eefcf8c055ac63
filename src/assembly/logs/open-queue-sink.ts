import { addressOf } from '../../broker/queue-spec.ts'
import { loadConfig } from '../../config/load/load-config.ts'
import { StackTachError } from '../../domain/errors.ts'
import type { ProcessorCounters } from '../../logs/processor/processor-state.ts'
import { QueueSink } from '../../logs/processor/queue-sink.ts'
import type { Sink } from '../../logs/processor/sink.ts'
import type { Logger } from '../../runtime/logger.ts'
import { Outage } from '../../runtime/outage.ts'
import { openWhenReady } from '../daemon.ts'
import { nameOfBrokers, openBroker } from '../open-broker.ts'
import { queueOf } from '../queue-of.ts'

export type QueueSinkSettings = {
  /** the yagi.conf that names the queue */
  readonly config: string
  readonly queue: string
  readonly counters: ProcessorCounters
  readonly logger: Logger
  readonly signal: AbortSignal
}

/**
 * Opens a sink that publishes lines to a queue of a configuration, which is declared. Waits for the broker. Rejects with
 * StackTachError where there is no such queue, or the signal aborts first.
 */
export async function openQueueSink({
  config: file,
  queue,
  counters,
  logger,
  signal,
}: QueueSinkSettings): Promise<{ readonly sink: Sink; close(): Promise<void> }> {
  const config = await loadConfig(file, process.env)
  const { broker: settings, queue: spec } = queueOf(config.yagi, queue, file)
  const broker = await openBroker(settings, logger)
  const outage = new Outage(logger, `${nameOfBrokers(settings)} is there`)
  const publisher = await openWhenReady(
    async () => {
      const opened = await broker.openPublisher()
      await opened.declare(spec)
      return opened
    },
    signal,
    outage,
  )
  if (!publisher) {
    await broker.close()
    throw new StackTachError('io', `stopped while waiting for ${nameOfBrokers(settings)}`)
  }
  const sink = new QueueSink({ publisher, route: addressOf(spec), counters, logger, clock: () => Date.now() })
  return {
    sink,
    async close() {
      await publisher.close()
      await broker.close()
    },
  }
}
