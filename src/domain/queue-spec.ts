/** An exchange that a queue gets messages from, and the key that it is bound with. */
export type Binding = { readonly exchange: string; readonly routingKey: string }

/** Where reading a stream begins: at an end of it, at an offset, or at what came since a time (s since the epoch). */
export type StreamOffset = 'first' | 'last' | 'next' | number | { readonly sinceS: number }

/** A queue, and how to declare and bind it where it does not exist. */
export type QueueSpec = {
  readonly queue: string
  /** none: the queue is not bound to any exchange */
  readonly bindings: readonly Binding[]
  readonly exchangeType: string
  readonly durable: boolean
  readonly autoDelete: boolean
  readonly exchangeDurable: boolean
  readonly exchangeAutoDelete: boolean
  /** The queue is somebody else's: it is waited for, and never declared or bound. */
  readonly passive?: boolean
  /** The exchanges are somebody else's: they are waited for, and never declared. */
  readonly exchangePassive?: boolean
  /** `x-queue-type` and the like */
  readonly arguments?: { readonly [name: string]: string | number | boolean }
  /** undefined: the queue is no stream, or the broker decides */
  readonly streamOffset?: StreamOffset | undefined
}

/** The exchanges that a queue is to be bound to, each once; another's queue is bound to none. */
export function exchangesOf({ bindings, passive }: QueueSpec): string[] {
  return passive ? [] : [...new Set(bindings.map(({ exchange }) => exchange))]
}

/**
 * Where to publish what is meant for a queue: at its exchange, or, where that is another's or there are several, at the
 * queue itself, so that nobody else gets it.
 */
export function addressOf(spec: QueueSpec): Binding {
  const [first] = spec.bindings
  const isOurs = !spec.exchangePassive && exchangesOf(spec).length === 1
  return first && isOurs ? first : { exchange: '', routingKey: spec.queue }
}
