import type { QueueSpec } from '../../src/domain/queue-spec.ts'

/** A durable queue that gets what is published to it by name, without an exchange. */
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
