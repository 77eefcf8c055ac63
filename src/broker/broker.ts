import type { MessageProperties, PublishOptions, Route } from './message.ts'
import type { ExchangeSpec, QueueSpec } from './queue-spec.ts'

/** A message that was delivered and waits for its acknowledgement, with the exchange and key it was published to. */
export type Delivery = Route & {
  readonly queue: string
  readonly body: Buffer
  readonly properties: MessageProperties
  readonly redelivered: boolean
  /** where the message stands in its stream, from 0; undefined where the queue is not declared or read as a stream */
  readonly offset?: number | undefined
  /** why the message is to be set aside whatever its body holds; undefined: it is as any other */
  readonly fault?: string | undefined
  /** how the body is compressed, in kombu's words; undefined: it is not */
  readonly compression?: string | undefined
}

export type SubscribeOptions = {
  /** most deliveries that wait for their acknowledgement, 1 to 65535 */
  readonly prefetch: number
  /** Takes a message, in the order of the queue; never before subscribe() has returned. */
  readonly onDelivery: (delivery: Delivery) => void
  /** Hears that the queue is being read, for the first time or again. */
  readonly onReading?: () => void
  /** Hears that the queue is another's and does not exist yet. */
  readonly onAwaiting?: () => void
  /** Hears that the channel is gone: the deliveries at hand are void, and those not acknowledged will come again. */
  readonly onLost: () => void
}

/**
 * A queue that is being read. It reconnects by itself until it is closed; a stream is then read on from the message
 * after the last that was acknowledged.
 *
 *     const subscription = broker.subscribe(spec, {
 *       prefetch: 100,
 *       onDelivery: (delivery) => {
 *         console.log(delivery.routingKey, delivery.properties.contentType, delivery.body.length)
 *         subscription.ackUpTo(delivery)
 *       },
 *       onLost: () => console.log('what was not acknowledged will come again'),
 *     })
 *     // …
 *     await subscription.close()
 */
export interface Subscription {
  /**
   * Acknowledges a delivery and all before it, so that as many others may come; one of a channel that is gone is passed
   * over. Only for deliveries below which everything is stored.
   */
  ackUpTo(delivery: Delivery): void
  /**
   * Sets how many deliveries may wait for their acknowledgement from now on, those at hand not counted.
   */
  setPrefetch(count: number): Promise<void>
  /**
   * Ends deliveries: when it resolves, those on their way have come, or onLost() was called for them. Those at hand can
   * still be acknowledged.
   */
  pause(): Promise<void>
  /** Gives back what was not acknowledged, once, and does not read the queue until resume(). */
  rest(): void
  /** Reads the queue again after rest(). */
  resume(): void
  /** Ends reading and gives back what was not acknowledged. Safe to call twice. */
  close(): Promise<void>
}

/**
 * Publishes with confirms, and declares what it publishes to.
 *
 *     const publisher = await broker.openPublisher()
 *     await publisher.declare(spec)
 *     await publisher.publish({ exchange: 'logs', routingKey: 'web.error' }, bytes, {
 *       contentType: 'application/x-protobuf',
 *       headers: { host: 'web1' },
 *     })
 *     await publisher.close()
 */
export interface Publisher {
  /**
   * Declares a queue with its exchanges, and binds it to those that are there. A queue that exists with other arguments
   * is used as it is. Rejects with TransientError where the queue is another's and not there.
   */
  declare(spec: QueueSpec): Promise<void>
  /**
   * Declares an exchange, or looks at another's. One that exists with other arguments is used as it is. Rejects with
   * TransientError where it is another's and not there.
   */
  declareExchange(spec: ExchangeSpec): Promise<void>
  /**
   * Publishes any bytes. Unless the options say otherwise the message is persistent, of type `application/json`, and has
   * an id of its own. Resolves when the broker has the message in a queue, on disk where that is durable. Rejects with
   * TransientError when the broker is away or no queue takes the message, and with InvalidError when AMQP cannot carry
   * it: a routing key above 255 bytes, headers larger than a frame.
   */
  publish(route: Route, body: Uint8Array, options?: PublishOptions): Promise<void>
  close(): Promise<void>
}

/**
 * A message broker: RabbitMQ, or one inside this process. Both do the same, as `test/contract` shows.
 *
 *     const broker = createAmqpBroker({ url, logger, reconnectMs: 1000, maxReconnectMs: 60_000 })
 *     const publisher = await broker.openPublisher()
 *     const subscription = broker.subscribe(spec, options)
 *     // …
 *     await broker.close()
 */
export interface Broker {
  /** Returns at once; connecting goes on in the background until it succeeds. */
  subscribe(spec: QueueSpec, options: SubscribeOptions): Subscription
  /** Connects; rejects with TransientError. */
  openPublisher(): Promise<Publisher>
  /** Counts the messages that wait in a queue; 0 for a stream. Rejects with TransientError. */
  depth(queue: string): Promise<number>
  /** Closes all subscriptions and the connection. */
  close(): Promise<void>
}
