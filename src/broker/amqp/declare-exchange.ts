import type { Channel, ChannelModel } from 'amqplib'
import type { ExchangeSpec } from '../queue-spec.ts'
import { declare, isThere } from './declare.ts'
import type { Notices } from './notices.ts'

/**
 * Declares an exchange, or looks at a passive one. An exchange that exists with other settings is used as it
 * is. Returns undefined when the exchange exists, `awaited` for a missing passive one, and the broker's text
 * when this account may not create it.
 */
export async function declareExchange(
  model: ChannelModel,
  { exchange, type, durable, autoDelete, passive }: ExchangeSpec,
  notices: Notices,
): Promise<'awaited' | { readonly refused: string } | undefined> {
  const declared = {
    what: `exchange ${exchange}`,
    assert: (channel: Channel) => channel.assertExchange(exchange, type, { durable, autoDelete }),
    check: (channel: Channel) => channel.checkExchange(exchange),
  }
  if (passive) return (await isThere(model, declared)) ? undefined : 'awaited'
  const refused = await declare(model, declared, notices)
  return refused === undefined ? undefined : { refused }
}
