import type { QueueSpec } from '../../src/broker/queue-spec.ts'

/** Returns the spec of a durable queue without an exchange, to be published to by its name. */
export function queueOnly(queue: string): QueueSpec {
  return {
    queue,
    bindings: [],
    exchangeType: 'direct',
    durable: true,
    autoDelete: false,
    exchangeDurable: true,
    exchangeAutoDelete: false,
  }
}
