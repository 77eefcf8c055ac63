import type { Channel, ConsumeMessage } from 'amqplib'
import type { Delivery } from '../broker.ts'

/** A delivery with the message and channel it must be acknowledged with. */
export type AmqpDelivery = Delivery & { readonly message: ConsumeMessage; readonly channel: Channel }

/** Returns a message as others see it. Its properties are the library's own object: nothing is copied. */
export function deliveryOf(
  queue: string,
  channel: Channel,
  message: ConsumeMessage,
  { offset, fault }: Pick<Delivery, 'offset' | 'fault'>,
): AmqpDelivery {
  const { content, fields, properties } = message
  return {
    queue,
    exchange: fields.exchange,
    routingKey: fields.routingKey,
    body: content,
    properties,
    redelivered: fields.redelivered,
    offset,
    fault,
    compression: compressionOf(message),
    message,
    channel,
  }
}

/** Returns how the body is compressed, which kombu writes in a header. */
function compressionOf({ properties: { headers } }: ConsumeMessage): string | undefined {
  const compression: unknown =
    headers && Object.hasOwn(headers, 'compression') ? headers.compression : undefined
  return typeof compression === 'string' ? compression : undefined
}
