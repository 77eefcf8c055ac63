/// <reference types="node" preserve="true" />
import type { MessageProperties, PublishOptions, Route } from './message.ts'
import type { ExchangeSpec, QueueSpec } from './queue-spec.ts'

/**
 * A delivered message that waits for its acknowledgement, with the exchange and key to which it was
 * published.
 */
export type Delivery = Route & {
  readonly queue: string
  readonly body: Buffer
  readonly properties: MessageProperties
  readonly redelivered: boolean
  /**
   * where the message stands in its stream, from 0; undefined where the queue is not declared or read as a
   * stream
   */
  readonly offset?: number | undefined
  /** why the message must be set aside whatever its body holds; undefined for ordinary messages */
  readonly fault?: string | undefined
}

export type SubscribeOptions = {
  /** most deliveries that wait for their acknowledgement, 1 to 65535 */
  readonly prefetch: number
  /** Called with each message, in the order of the queue; never before subscribe() has returned. */
  readonly onDelivery: (delivery: Delivery) => void
  /** Called when reading of the queue has begun, for the first time or again. */
  readonly onReading?: () => void
  /** Called when the queue does not exist yet and is another's to create. */
  readonly onAwaiting?: () => void
  /**
   * Called when the channel is gone: deliveries at hand are void, and unacknowledged ones will come again. Also
   * called when an attempt to read the queue has failed. `reason` has the broker's own words where it gave any.
   */
  readonly onLost: (reason?: string) => void
}

/**
 * The reading of one queue. It reconnects by itself until it is closed. A stream is then read on from the
 * message after the last acknowledged one.
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
   * Acknowledges a delivery and all before it, so that as many others may come. Ignores a delivery of a
   * channel that is gone. To be called only when everything up to the delivery is stored.
   */
  ackUpTo(delivery: Delivery): void
  /**
   * Sets how many deliveries may wait for their acknowledgement from now on, those at hand not counted.
   */
  setPrefetch(count: number): Promise<void>
  /**
   * Ends deliveries. When it resolves, those on their way have come, or onLost() was called for them.
   * Deliveries at hand can still be acknowledged.
   */
  pause(): Promise<void>
  /** Returns unacknowledged messages to the queue, once, and does not read the queue until resume(). */
  rest(): void
  /** Reads the queue again after rest(). */
  resume(): void
  /** Ends reading and returns unacknowledged messages to the queue. Safe to call twice. */
  close(): Promise<void>
}

/**
 * Publishes with confirms, and declares queues and exchanges.
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
   * Declares a queue with its exchanges, and binds it to those that exist. A queue that exists with other
   * arguments is used as it is. Rejects with TransientError when the queue is passive and does not exist.
   */
  declare(spec: QueueSpec): Promise<void>
  /**
   * Declares an exchange, or looks at a passive one. An exchange that exists with other arguments is used as
   * it is. Rejects with TransientError when the exchange is passive and does not exist.
   */
  declareExchange(spec: ExchangeSpec): Promise<void>
  /**
   * Publishes any bytes. By default the message is persistent, of type `application/json`, and has a unique
   * id. Resolves when the broker has the message in a queue, on disk if the queue is durable. Rejects with
   * TransientError when the broker is away or no queue takes the message, and with InvalidError when AMQP
   * cannot carry it: a routing key above 255 bytes, headers larger than a frame.
   */
  publish(route: Route, body: Uint8Array, options?: PublishOptions): Promise<void>
  close(): Promise<void>
}

/**
 * A message broker: RabbitMQ, or one inside this process. Both pass the same tests in `test/contract`.
 *
 *     const broker = createAmqpBroker({ url, logger, reconnectMs: 1000, maxReconnectMs: 60_000 })
 *     const publisher = await broker.openPublisher()
 *     const subscription = broker.subscribe(spec, options)
 *     // …
 *     await broker.close()
 */
export interface Broker {
  /** Subscribes to a queue. Returns at once and connects in the background until it succeeds. */
  subscribe(spec: QueueSpec, options: SubscribeOptions): Subscription
  /** Connects and returns a publisher. Rejects with TransientError while the broker is away. */
  openPublisher(): Promise<Publisher>
  /**
   * Counts the messages that wait in a queue. Do not ask it of a stream: RabbitMQ answers with what it counted
   * some seconds before. Rejects with TransientError while the broker is away.
   */
  depth(queue: string): Promise<number>
  /**
   * Returns why the broker takes no messages at the moment, such as its own reason for a block; undefined when
   * it takes them, or nobody has tried.
   */
  hindrance(): string | undefined
  /** Closes all subscriptions and the connection. */
  close(): Promise<void>
}
