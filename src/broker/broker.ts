import type { QueueSpec } from '../domain/queue-spec.ts'
/** A message that was delivered and waits for its acknowledgement. */
export type Delivery = {
  readonly queue: string
  readonly body: Buffer
  readonly redelivered: boolean
  /** why the message is to be set aside whatever its body holds; undefined: it is as any other */
  readonly fault?: string | undefined
  /** how the body is compressed, in kombu's words; undefined: it is not */
  readonly compression?: string | undefined
}

export type SubscribeOptions = {
  /** most deliveries that wait for their acknowledgement, 1 to 65535 */
  readonly prefetch: number
  /** In the order of the queue. */
  readonly onDelivery: (delivery: Delivery) => void
  /** The queue is being read, for the first time or again. */
  readonly onReading?: () => void
  /** The queue is another's and does not exist yet. */
  readonly onAwaiting?: () => void
  /** The channel is gone: deliveries that were not acknowledged will come again and the ones at hand are void. */
  readonly onLost: () => void
}

/** A queue that is being read; it reconnects by itself until it is closed. */
export interface Subscription {
  /**
   * Acknowledges a delivery and all before it; one of a channel that is gone is passed over. Only for
   * deliveries below which everything is stored.
   */
  ackUpTo(delivery: Delivery): void
  /**
   * From now on so many deliveries may wait for their acknowledgement, those at hand not counted. Without effect
   * where the messages are in this process anyway.
   */
  setPrefetch(count: number): Promise<void>
  /**
   * Ends deliveries: when it resolves, those on their way have come, or their loss was told of. Those at hand can still
   * be acknowledged.
   */
  pause(): Promise<void>
  /** Gives back what was not acknowledged, once, and does not read the queue until resume(). */
  rest(): void
  resume(): void
  /** Gives back what was not acknowledged. Safe to call twice. */
  close(): Promise<void>
}

/** Publishes with confirms. */
export interface Publisher {
  declare(spec: QueueSpec): Promise<void>
  /**
   * Resolves when the broker has the message in a queue, on disk where that is durable; rejects with TransientError,
   * also where no queue takes it.
   */
  publish(exchange: string, routingKey: string, body: Buffer): Promise<void>
  close(): Promise<void>
}

export interface Broker {
  /** Resolves at once; connecting goes on in the background until it succeeds. */
  subscribe(spec: QueueSpec, options: SubscribeOptions): Subscription
  openPublisher(): Promise<Publisher>
  /** Messages that wait in a queue. Rejects with TransientError. */
  depth(queue: string): Promise<number>
  close(): Promise<void>
}
