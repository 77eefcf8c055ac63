import { Broker as SmqpBroker, type Message as SmqpMessage } from 'smqp'
import type { QueueSpec } from '../domain/queue-spec.ts'
import type { Broker, Delivery, Subscription } from './broker.ts'

type MemoryDelivery = Delivery & { readonly message: SmqpMessage }

/** A broker inside this process, for the embedded default: gone, with its messages, when the process ends. */
export function createMemoryBroker(): Broker {
  const broker = new SmqpBroker()
  let subscriptions = 0

  function declare({ queue, exchange, exchangeType, routingKey }: QueueSpec): void {
    broker.assertQueue(queue, { durable: true, autoDelete: false })
    if (exchange === undefined) return
    const isFanout = exchangeType === 'fanout'
    broker.assertExchange(exchange, isFanout || exchangeType === 'topic' ? 'topic' : 'direct', {
      durable: true,
      autoDelete: false,
    })
    broker.bindQueue(queue, exchange, isFanout ? '#' : routingKey)
  }

  return {
    subscribe(spec, { prefetch, onDelivery, onReading }): Subscription {
      const { queue } = spec
      const consumerTag = `subscription-${++subscriptions}`
      let isPaused = false
      let isClosed = false
      declare(spec)
      broker.consume(
        queue,
        (_routingKey, message) => {
          // What comes after a pause is not acknowledged and goes back with the rest.
          if (isPaused) return
          const redelivered = message.fields.redelivered === true
          onDelivery({ queue, body: message.content as Buffer, redelivered, message } as MemoryDelivery)
        },
        { consumerTag, prefetch },
      )
      onReading?.()
      return {
        ackUpTo(delivery) {
          if (!isClosed) (delivery as MemoryDelivery).message.ack(true)
        },
        async setPrefetch() {},
        async pause() {
          isPaused = true
        },
        async close() {
          if (isClosed) return
          isClosed = true
          isPaused = true
          broker.cancel(consumerTag, true)
        },
      }
    },
    async openPublisher() {
      return {
        async declare(spec) {
          declare(spec)
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
