import type { AmqpTable } from './amqp-value.ts'
import type { Route } from './message.ts'

/** An exchange from which a queue gets messages, and the routing key of the binding. */
export type Binding = { readonly exchange: string; readonly routingKey: string }

/**
 * Where reading a stream begins: `first` at the oldest message that is kept, `last` at the last chunk that
 * was written, `next` at messages from now on, a number at the message of this offset (or the first after
 * it), `sinceS` at the chunk that was written at this time (seconds since the epoch) or first after it.
 *
 * A chunk is a group of messages that RabbitMQ wrote at once, from one to some hundreds. After a connection
 * that was lost before the first message, reading begins at `last` or `next` again; after any other it goes
 * on where it was.
 */
export type StreamOffset = 'first' | 'last' | 'next' | number | { readonly sinceS: number }

/** The arguments of a queue: those that RabbitMQ knows, and any others. */
export type QueueArguments = AmqpTable & {
  readonly 'x-queue-type'?: 'classic' | 'quorum' | 'stream'
  /** whether only one of several consumers gets messages, and the next one when it has gone */
  readonly 'x-single-active-consumer'?: boolean
  readonly 'x-max-length'?: number
  readonly 'x-max-length-bytes'?: number
  /** how long a stream keeps a message at least, e.g. `7D`; units Y, M, D, h, m, s */
  readonly 'x-max-age'?: string
  /** longest time of a message in a queue, ms */
  readonly 'x-message-ttl'?: number
  /** how often a quorum queue delivers a message that is returned to it */
  readonly 'x-delivery-limit'?: number
  readonly 'x-dead-letter-exchange'?: string
  readonly 'x-dead-letter-routing-key'?: string
  readonly 'x-overflow'?: 'drop-head' | 'reject-publish' | 'reject-publish-dlx'
}

/**
 * A queue, and how it is declared and bound where it does not exist.
 *
 * A stream that is read from its beginning and bound to one exchange:
 *
 *     const spec: QueueSpec = {
 *       queue: 'logs',
 *       arguments: { 'x-queue-type': 'stream', 'x-max-length-bytes': 20 * 2 ** 30 },
 *       streamOffset: 'first',
 *       bindings: [{ exchange: 'logs', routingKey: '#' }],
 *       exchangeType: 'topic',
 *       durable: true,
 *       autoDelete: false,
 *       exchangeDurable: true,
 *       exchangeAutoDelete: false,
 *     }
 */
export type QueueSpec = {
  readonly queue: string
  /** empty: the queue is not bound to any exchange */
  readonly bindings: readonly Binding[]
  /** `topic`, `direct`, `fanout`, or a type of a plugin such as `x-consistent-hash` */
  readonly exchangeType: string
  readonly durable: boolean
  readonly autoDelete: boolean
  /** whether it belongs to this connection alone and goes with it; a broker in this process deletes it with the process (false) */
  readonly exclusive?: boolean
  readonly exchangeDurable: boolean
  readonly exchangeAutoDelete: boolean
  /** whether the queue is declared elsewhere: the consumer waits for it, and never declares or binds it */
  readonly passive?: boolean
  /** whether the exchanges are declared elsewhere: the consumer waits for them, and never declares them */
  readonly exchangePassive?: boolean
  /** arguments of the declaration, such as `x-queue-type` */
  readonly arguments?: QueueArguments
  /**
   * where reading of a stream begins; undefined: the queue is no stream, or the broker decides (`next` in
   * RabbitMQ)
   */
  readonly streamOffset?: StreamOffset | undefined
}

/** Returns the exchanges to bind a queue to, each once. A passive queue has none. */
export function exchangesOf({ bindings, passive }: QueueSpec): string[] {
  return passive ? [] : [...new Set(bindings.map(({ exchange }) => exchange))]
}

/** An exchange, and how to declare it where it does not exist. */
export type ExchangeSpec = {
  readonly exchange: string
  /** `topic`, `direct`, `fanout`, or a type of a plugin such as `x-consistent-hash` */
  readonly type: string
  readonly durable: boolean
  readonly autoDelete: boolean
  /** whether the exchange is declared elsewhere: it is looked at, and never declared */
  readonly passive?: boolean
}

/** Returns how one of the exchanges of a queue is declared. */
export function exchangeSpecOf(spec: QueueSpec, exchange: string): ExchangeSpec {
  return {
    exchange,
    type: spec.exchangeType,
    durable: spec.exchangeDurable,
    autoDelete: spec.exchangeAutoDelete,
    passive: spec.exchangePassive === true,
  }
}

/**
 * Returns where to publish a message meant for this queue alone: its exchange where it has exactly one and
 * declares it itself, else the default exchange with the queue's name. Exchanges of others may lead to more
 * queues.
 */
export function addressOf(spec: QueueSpec): Route {
  const [first] = spec.bindings
  const isOurs = !spec.exchangePassive && exchangesOf(spec).length === 1
  return first && isOurs ? first : { exchange: '', routingKey: spec.queue }
}

/** Whether a queue is read as a stream: its messages then have offsets. */
export function isStream({ arguments: args, streamOffset }: QueueSpec): boolean {
  return streamOffset !== undefined || args?.['x-queue-type'] === 'stream'
}
