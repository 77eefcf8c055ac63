import type { Delivery } from '../../src/broker/broker.ts'

/** What a message of queue `q` is delivered with, beside its body. */
export const DELIVERY: Delivery = {
  queue: 'q',
  exchange: '',
  routingKey: 'q',
  body: Buffer.alloc(0),
  properties: {},
  redelivered: false,
}
