import { readFile } from 'node:fs/promises'
import type { SecureContextOptions } from 'node:tls'
import { type AmqpBroker, createAmqpBroker } from '../broker/amqp.ts'
import type { Inspector } from '../broker/amqp-inspector.ts'
import type { Broker } from '../broker/broker.ts'
import { createMemoryBroker } from '../broker/memory.ts'
import type { BrokerSettings } from '../config/yagi-settings.ts'
import { messageOf, StackTachError } from '../domain/errors.ts'
import type { Logger } from '../runtime/logger.ts'

/** The broker that the settings name; connecting goes on in the background. */
export async function openBroker(settings: BrokerSettings, logger: Logger): Promise<Broker> {
  if (settings.url.startsWith('memory:')) return createMemoryBroker()
  return openAmqpBroker(settings, logger)
}

/** Connects to RabbitMQ for looking at it; rejects with TransientError. */
export async function openInspector(
  settings: BrokerSettings,
  logger: Logger,
): Promise<{ readonly inspector: Inspector; close(): Promise<void> }> {
  const broker = await openAmqpBroker(settings, logger)
  return { inspector: await broker.inspect(), close: () => broker.close() }
}

async function openAmqpBroker(settings: BrokerSettings, logger: Logger): Promise<AmqpBroker> {
  return createAmqpBroker({
    url: settings.url,
    logger,
    reconnectMs: settings.reconnectMs,
    maxReconnectMs: settings.maxReconnectMs,
    tls: await readTls(settings),
  })
}

async function readTls({ caFile, certFile, keyFile }: BrokerSettings): Promise<SecureContextOptions> {
  const [ca, cert, key] = await Promise.all([caFile, certFile, keyFile].map(readOptional))
  return { ...(ca ? { ca: [ca] } : {}), ...(cert ? { cert } : {}), ...(key ? { key } : {}) }
}

async function readOptional(file: string | undefined): Promise<Buffer | undefined> {
  try {
    return file === undefined ? undefined : await readFile(file)
  } catch (error) {
    throw new StackTachError('config', `cannot read ${file}: ${messageOf(error)}`)
  }
}
