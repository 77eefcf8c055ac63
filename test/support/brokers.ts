import { inject } from 'vitest'
import { createAmqpBroker } from '../../src/broker/amqp/amqp-broker.ts'
import type { Broker } from '../../src/broker/broker.ts'
import { createMemoryBroker } from '../../src/broker/memory/memory-broker.ts'
import { silentLogger } from '../../src/runtime/logger.ts'

/** RabbitMQ at `url`, with reconnects that wait for no one. */
export function amqpBrokerAt(url: string): Broker {
  return createAmqpBroker({ url, logger: silentLogger, reconnectMs: 20, maxReconnectMs: 200 })
}

/** Every broker that the contract holds for. */
export const BROKERS: readonly { readonly name: string; readonly create: () => Broker }[] = [
  { name: 'memory', create: () => createMemoryBroker() },
  { name: 'amqp', create: () => amqpBrokerAt(inject('amqpUrl')) },
]
