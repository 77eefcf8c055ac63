import type { MessageProperties, Route } from '../message.ts'
import type { StreamOffset } from '../queue-spec.ts'

/** The content of a message in a queue or a stream. */
export type Content = Route & { readonly body: Buffer; readonly properties: MessageProperties }

/** A message as a queue or a stream delivers it. */
export type QueuedMessage = Content & {
  readonly redelivered: boolean
  /** the offset in a stream, from 0; undefined for other queues */
  readonly offset?: number
  /** Acknowledges this message and all that were delivered before it. */
  readonly ackUpTo: () => void
}

/** The reader of a queue. `stop` ends reading and returns the offset at which a stream should be read on. */
export type QueueReader = { setPrefetch(count: number): void; stop(): StreamOffset | undefined }
