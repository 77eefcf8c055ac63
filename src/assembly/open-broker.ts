import { type AmqpBroker, createAmqpBroker } from '../broker/amqp/amqp-broker.ts'
import type { Inspector } from '../broker/amqp/amqp-inspector.ts'
import type { Broker } from '../broker/broker.ts'
import { createMemoryBroker } from '../broker/memory/memory-broker.ts'
import type { BrokerSettings } from '../config/load/broker-settings.ts'
import type { Logger } from '../runtime/logger.ts'
import { readTlsFiles } from '../runtime/tls-files.ts'
import { nameOfBroker, parseBrokerAddress } from '../text/broker-address.ts'

/** How a broker is reached. */
export type BrokerAccess = Pick<
  BrokerSettings,
  'url' | 'reconnectMs' | 'maxReconnectMs' | 'caFile' | 'certFile' | 'keyFile'
>

/** Opens the broker that the settings name. It connects in the background. */
export async function openBroker(settings: BrokerAccess, logger: Logger): Promise<Broker> {
  if (settings.url.startsWith('memory:')) return createMemoryBroker()
  return openAmqpBroker(settings, logger)
}

/** Returns the name of the broker for messages, without user and password. */
export function nameOfBrokers({ url }: BrokerSettings): string {
  const parsed = parseBrokerAddress(url)
  if ('fault' in parsed) return 'the broker inside this process'
  return `the broker at ${parsed.addresses.map(nameOfBroker).join(' or ')}`
}

/** Connects to RabbitMQ to inspect its queues. Rejects with TransientError while it is away. */
export async function openInspector(
  settings: BrokerSettings,
  logger: Logger,
): Promise<{ readonly inspector: Inspector; close(): Promise<void> }> {
  const broker = await openAmqpBroker(settings, logger)
  return { inspector: await broker.inspect(), close: () => broker.close() }
}

async function openAmqpBroker(settings: BrokerAccess, logger: Logger): Promise<AmqpBroker> {
  return createAmqpBroker({
    url: settings.url,
    logger,
    reconnectMs: settings.reconnectMs,
    maxReconnectMs: settings.maxReconnectMs,
    tls: await readTlsFiles(
      { ca: settings.caFile, cert: settings.certFile, key: settings.keyFile },
      process.cwd(),
    ),
  })
}
