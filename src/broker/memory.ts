import { Broker as SmqpBroker, type Message as SmqpMessage } from 'smqp'
import { TransientError } from '../domain/errors.ts'
import type { QueueSpec } from '../domain/queue-spec.ts'
import type { Broker, Delivery, Subscription } from './broker.ts'

type MemoryDelivery = Delivery & { readonly message: SmqpMessage }

/** A broker inside this process, for the embedded default: gone, with its messages, when the process ends. */
export function createMemoryBroker(): Broker {
  const broker = new SmqpBroker()
  let subscriptions = 0
  /** what waits for queues or exchanges of others; each answers whether it has all it needs */
  const waiting = new Set<() => boolean>()

  function declare(spec: QueueSpec): void {
    if (!spec.passive) broker.assertQueue(spec.queue, { durable: true, autoDelete: false })
    bind(spec)
    for (const settle of waiting) if (settle()) waiting.delete(settle)
  }

  /** False when an exchange of others is not there. */
  function bind({ queue, passive, bindings, exchangeType, exchangePassive }: QueueSpec): boolean {
    const isFanout = exchangeType === 'fanout'
    const type = isFanout || exchangeType === 'topic' ? 'topic' : 'direct'
    let isComplete = true
    for (const { exchange, routingKey } of passive ? [] : bindings) {
      if (!exchangePassive) broker.assertExchange(exchange, type, { durable: true, autoDelete: false })
      if (broker.getExchange(exchange)) broker.bindQueue(queue, exchange, isFanout ? '#' : routingKey)
      else isComplete = false
    }
    return isComplete
  }

  return {
    subscribe(spec, { prefetch, onDelivery, onReading, onAwaiting, onLost }): Subscription {
      const { queue } = spec
      const consumerTag = `subscription-${++subscriptions}`
      let most = prefetch
      let isPaused = false
      let isResting = false
      let isClosed = false
      let isConsuming = false
      const onMessage = (_routingKey: string, message: SmqpMessage) => {
        // What comes after a pause is not acknowledged and goes back with the rest.
        if (isPaused || isResting) return
        const redelivered = message.fields.redelivered === true
        onDelivery({ queue, body: message.content as Buffer, redelivered, message } as MemoryDelivery)
      }
      const settle = () => {
        if (isClosed) return true
        if (isResting) return false
        if (!broker.getQueue(queue)) return false
        const isComplete = bind(spec)
        if (isConsuming) return isComplete
        isConsuming = true
        broker.consume(queue, onMessage, { consumerTag, prefetch: most })
        onReading?.()
        return isComplete
      }
      declare(spec)
      if (!settle()) waiting.add(settle)
      if (!isConsuming) onAwaiting?.()
      return {
        ackUpTo(delivery) {
          if (!isClosed) (delivery as MemoryDelivery).message.ack(true)
        },
        async setPrefetch(size) {
          most = size
          broker.getConsumer(consumerTag)?.prefetch(size)
        },
        rest() {
          if (isResting || isPaused) return
          isResting = true
          if (isConsuming) broker.cancel(consumerTag, true)
          isConsuming = false
          onLost()
        },
        resume() {
          isResting = false
          if (!isPaused && !isConsuming && !settle()) waiting.add(settle)
        },
        async pause() {
          isPaused = true
        },
        async close() {
          if (isClosed) return
          isClosed = true
          isPaused = true
          if (isConsuming) broker.cancel(consumerTag, true)
        },
      }
    },
    async openPublisher() {
      return {
        async declare(spec) {
          declare(spec)
          if (!broker.getQueue(spec.queue))
            throw new TransientError(`queue ${spec.queue} does not exist, and is its owner's to create`)
        },
        async publish(exchange, routingKey, body) {
          if (exchange === '') broker.sendToQueue(routingKey, body)
          else broker.publish(exchange, routingKey, body)
        },
        async close() {},
      }
    },
    async depth(queue) {
      return broker.getQueue(queue)?.messageCount ?? 0
    },
    async close() {
      broker.stop()
    },
  }
}
