import type { AmqpTable } from './amqp-value.ts'

/** Where a message is published to, or was: an exchange, or `''` for the queue that the routing key names. */
export type Route = { readonly exchange: string; readonly routingKey: string }

/** What a message says of itself beside its body: the properties of AMQP 0-9-1, each only where it was set. */
export type MessageProperties = {
  /** MIME type of the body, e.g. `application/json` */
  readonly contentType?: string | undefined
  /** e.g. `utf-8` or `gzip`; nobody decodes the body by it */
  readonly contentEncoding?: string | undefined
  readonly headers?: AmqpTable | undefined
  /** 1: a broker that restarts may lose it; 2: it is on disk */
  readonly deliveryMode?: number | undefined
  /** 0 to 255; for queues with `x-max-priority` */
  readonly priority?: number | undefined
  readonly correlationId?: string | undefined
  readonly replyTo?: string | undefined
  /** how long it waits in a queue at most: a number of ms, as text */
  readonly expiration?: string | undefined
  readonly messageId?: string | undefined
  /** when it was made, as its publisher says: seconds since the epoch */
  readonly timestamp?: number | undefined
  readonly type?: string | undefined
  /** the account that published it; the broker refuses any other name */
  readonly userId?: string | undefined
  readonly appId?: string | undefined
}

/** The properties of a message to publish, and what becomes of one that no queue takes. */
export type PublishOptions = MessageProperties & {
  /** Whether a message that no queue takes is an error (the default), or dropped. */
  readonly mandatory?: boolean | undefined
}
