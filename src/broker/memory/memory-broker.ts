import { TransientError } from '../../domain/errors.ts'
import type { Broker, Publisher } from '../broker.ts'
import { bufferOf, createDefaults } from '../outgoing.ts'
import { MemoryQueues } from './memory-queues.ts'
import { createMemorySubscription } from './memory-subscription.ts'

/**
 * Creates a broker inside this process, for the embedded default. Its messages are lost when the process
 * ends. Of the arguments of queues it supports `x-queue-type: stream` with the limits of streams, and ignores
 * the others.
 */
export function createMemoryBroker(): Broker {
  const queues = new MemoryQueues()
  return {
    subscribe: (spec, options) => createMemorySubscription(queues, spec, options),
    openPublisher: async () => createMemoryPublisher(queues),
    depth: async (queue) => queues.depth(queue),
    hindrance: () => undefined,
    close: async () => queues.stop(),
  }
}

function createMemoryPublisher(queues: MemoryQueues): Publisher {
  const complete = createDefaults()
  return {
    async declare(spec) {
      queues.declare(spec)
      if (!queues.has(spec.queue))
        throw new TransientError(`queue ${spec.queue} does not exist, and is its owner's to create`)
    },
    async declareExchange(spec) {
      if (!queues.declareExchange(spec))
        throw new TransientError(`exchange ${spec.exchange} does not exist, and is its owner's to create`)
    },
    publish: (route, body, options) => queues.publish(route, bufferOf(body), complete(options)),
    async close() {},
  }
}
