import type { MessageProperties, Route } from '../message.ts'
import type { StreamOffset } from '../queue-spec.ts'

/** What a message holds, wherever it lies. */
export type Content = Route & { readonly body: Buffer; readonly properties: MessageProperties }

/** A message as a queue or a stream delivers it. */
export type QueuedMessage = Content & {
  readonly redelivered: boolean
  /** undefined: the queue is no stream */
  readonly offset?: number
  /** Acknowledges it and all that were delivered before it. */
  readonly ackUpTo: () => void
}

/** One who reads a queue; `stop` returns where a stream is to be read on. */
export type QueueReader = { setPrefetch(count: number): void; stop(): StreamOffset | undefined }
