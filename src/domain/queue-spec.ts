/** An exchange from which a queue gets messages, and the routing key of the binding. */
export type Binding = { readonly exchange: string; readonly routingKey: string }

/**
 * Where reading of a RabbitMQ stream begins: at one end, at an offset, or at a time (seconds since the
 * epoch).
 */
export type StreamOffset = 'first' | 'last' | 'next' | number | { readonly sinceS: number }

/** A queue, and how it is declared and bound where it does not exist. */
export type QueueSpec = {
  readonly queue: string
  /** empty: the queue is not bound to any exchange */
  readonly bindings: readonly Binding[]
  readonly exchangeType: string
  readonly durable: boolean
  readonly autoDelete: boolean
  readonly exchangeDurable: boolean
  readonly exchangeAutoDelete: boolean
  /** whether the queue is declared elsewhere: the consumer waits for it, and never declares or binds it */
  readonly passive?: boolean
  /** whether the exchanges are declared elsewhere: the consumer waits for them, and never declares them */
  readonly exchangePassive?: boolean
  /** arguments of the declaration, such as `x-queue-type` */
  readonly arguments?: { readonly [name: string]: string | number | boolean }
  /** where reading of a stream begins; undefined: the queue is no stream, or the broker decides */
  readonly streamOffset?: StreamOffset | undefined
}

/** Returns the exchanges to bind a queue to, each once. A passive queue has none. */
export function exchangesOf({ bindings, passive }: QueueSpec): string[] {
  return passive ? [] : [...new Set(bindings.map(({ exchange }) => exchange))]
}

/**
 * Returns where to publish a message meant for this queue alone: its exchange where it has exactly one and
 * declares it itself, else the default exchange with the queue's name. Exchanges of others may lead to more
 * queues.
 */
export function addressOf(spec: QueueSpec): Binding {
  const [first] = spec.bindings
  const isOurs = !spec.exchangePassive && exchangesOf(spec).length === 1
  return first && isOurs ? first : { exchange: '', routingKey: spec.queue }
}
