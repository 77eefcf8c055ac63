import type { Channel, ChannelModel } from 'amqplib'
import { withChannel } from './amqp-channel.ts'
import { brokerText, differenceOf, refusalOf } from './amqp-refusal.ts'
import type { Notices } from './notices.ts'

/** A queue or an exchange, how to declare it, and how to check that it exists. */
export type Declared = {
  /** its name in messages, e.g. `exchange nova` */
  readonly what: string
  readonly assert: (channel: Channel) => Promise<unknown>
  readonly check: (channel: Channel) => Promise<unknown>
}

/**
 * Declares a queue or an exchange. One that exists with other arguments, or that the account may not declare,
 * is used as it is. Returns the broker's text when it does not exist and may not be declared, else undefined.
 */
export async function declare(
  model: ChannelModel,
  { what, assert, check }: Declared,
  notices: Notices,
): Promise<string | undefined> {
  try {
    await withChannel(model, assert)
    return undefined
  } catch (error) {
    const refusal = refusalOf(error)
    if (refusal === 'exists-otherwise' && (await isThere(model, { check }))) {
      const difference = differenceOf(error)
      notices.warn(`${what} exists with other arguments than configured (${difference}); it is used as it is`)
      return undefined
    }
    if (refusal !== 'forbidden') throw error
    if (!(await isThere(model, { check }))) return brokerText(error)
    notices.info(`${what} is used as it is: this account may not configure it (${brokerText(error)})`)
    return undefined
  }
}

/** Returns whether a queue or an exchange exists, without changing it. */
export async function isThere(model: ChannelModel, { check }: Pick<Declared, 'check'>): Promise<boolean> {
  try {
    await withChannel(model, check)
    return true
  } catch (error) {
    if (refusalOf(error) === 'missing') return false
    throw error
  }
}
