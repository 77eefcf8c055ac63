import type { AmqpTable } from './amqp-value.ts'

/** The exchange and key of a message. The exchange `''` delivers to the queue that the routing key names. */
export type Route = { readonly exchange: string; readonly routingKey: string }

/** The properties of a message in AMQP 0-9-1. Those that were not set are absent. */
export type MessageProperties = {
  /** MIME type of the body, e.g. `application/json` */
  readonly contentType?: string | undefined
  /** e.g. `utf-8` or `gzip`; the body is not decoded by it */
  readonly contentEncoding?: string | undefined
  readonly headers?: AmqpTable | undefined
  /** 1: lost when the broker restarts; 2: kept on disk */
  readonly deliveryMode?: number | undefined
  /** 0 to 255, for queues with `x-max-priority` */
  readonly priority?: number | undefined
  readonly correlationId?: string | undefined
  readonly replyTo?: string | undefined
  /** longest time in a queue: a number of ms, as text */
  readonly expiration?: string | undefined
  readonly messageId?: string | undefined
  /** the publisher's time of the message, seconds since the epoch */
  readonly timestamp?: number | undefined
  readonly type?: string | undefined
  /** the account that publishes the message; the broker refuses any other name */
  readonly userId?: string | undefined
  readonly appId?: string | undefined
}

/** The properties of a message to publish, and the handling of a message that no queue takes. */
export type PublishOptions = MessageProperties & {
  /** Whether a message that no queue takes is an error (the default), or dropped. */
  readonly mandatory?: boolean | undefined
}
