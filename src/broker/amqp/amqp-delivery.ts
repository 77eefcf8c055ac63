import type { Channel, ConsumeMessage } from 'amqplib'
import type { Delivery } from '../broker.ts'

/** A delivery, with the message and the channel for its acknowledgement. */
export type AmqpDelivery = Delivery & { readonly message: ConsumeMessage; readonly channel: Channel }

/** Returns the delivery of a message. Its properties are the library's own object, which is not copied. */
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
    message,
    channel,
  }
}
