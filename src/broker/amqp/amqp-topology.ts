import type { Channel, ChannelModel } from 'amqplib'
import { TransientError } from '../../domain/errors.ts'
import { exchangesOf, type QueueSpec } from '../../domain/queue-spec.ts'
import { withChannel } from './amqp-channel.ts'
import { brokerText, differenceOf, refusalOf } from './amqp-refusal.ts'
import type { Notices } from './notices.ts'

/** A queue that its owner has not created yet. */
export class AwaitedQueueError extends TransientError {}

/** One that is declared, or, where that is refused or it is another's, looked at. */
type Declared = {
  /** e.g. `exchange nova` */
  readonly what: string
  readonly assert: (channel: Channel) => Promise<unknown>
  readonly check: (channel: Channel) => Promise<unknown>
}

/**
 * Declares a queue. One that exists with other arguments, or that the account may not declare, is taken as it is: its
 * owner knows why. One that is another's is only looked at: throws AwaitedQueueError when it is not there.
 */
export async function declareQueue(model: ChannelModel, spec: QueueSpec, notices: Notices): Promise<void> {
  const { queue } = spec
  const check = (channel: Channel) => channel.checkQueue(queue)
  const assert = (channel: Channel) =>
    channel.assertQueue(queue, {
      durable: spec.durable,
      autoDelete: spec.autoDelete,
      arguments: spec.arguments,
    })
  const declared = { what: `queue ${queue}`, assert, check }
  if (!spec.passive) {
    const missing = await declare(model, declared, notices)
    if (missing === undefined) return
    const remedy = `let its owner create it, or allow the account to: rabbitmqctl set_permissions with a pattern for configure that matches ${queue}`
    throw new TransientError(
      `queue ${queue} does not exist and this account may not create it (${missing}); ${remedy}`,
    )
  }
  if (await isThere(model, declared)) return
  const why = `passive = True in [consumer:${queue}]`
  throw new AwaitedQueueError(
    `queue ${queue} does not exist yet: waiting for its owner to create it (${why})`,
  )
}

/** Binds a queue to its exchanges, those of its own declared first; in the end, also to those that come later. */
export class QueueBinder {
  readonly #model: ChannelModel
  readonly #spec: QueueSpec
  readonly #notices: Notices
  /** bindings that the account may not make: asking again would fill the broker's log */
  readonly #refused = new Set<string>()

  constructor(model: ChannelModel, spec: QueueSpec, notices: Notices) {
    this.#model = model
    this.#spec = spec
    this.#notices = notices
  }

  /** Whether an exchange may still come, or go and come again. */
  get mustGoOn(): boolean {
    return this.#spec.exchangePassive === true && exchangesOf(this.#spec).length > 0
  }

  /** Binds to every exchange that is there; false when others are waited for. Binding twice changes nothing. */
  async bind(): Promise<boolean> {
    let isComplete = true
    for (const exchange of exchangesOf(this.#spec)) {
      const missing = await this.#missing(exchange)
      if (missing === undefined) await this.#bindTo(exchange)
      else isComplete = false
      this.#tell(exchange, missing)
    }
    return isComplete
  }

  /** Why there is no such exchange; undefined when there is. */
  async #missing(exchange: string): Promise<string | undefined> {
    const { exchangeType, exchangeDurable, exchangeAutoDelete, exchangePassive, queue } = this.#spec
    const declared = {
      what: `exchange ${exchange}`,
      assert: (channel: Channel) =>
        channel.assertExchange(exchange, exchangeType, {
          durable: exchangeDurable,
          autoDelete: exchangeAutoDelete,
        }),
      check: (channel: Channel) => channel.checkExchange(exchange),
    }
    if (!exchangePassive) {
      const refused = await declare(this.#model, declared, this.#notices)
      return refused && `this account may not create it: ${refused}`
    }
    return (await isThere(this.#model, declared))
      ? undefined
      : `exchange_passive = True in [consumer:${queue}]`
  }

  #tell(exchange: string, missing: string | undefined): void {
    const what = `exchange ${exchange}`
    if (missing === undefined) this.#notices.arrived(what, `${what} is there: what comes to it is read`)
    else {
      const sentence = `${what} does not exist yet: waiting for its owner to create it (${missing})`
      this.#notices.awaiting(what, sentence)
    }
  }

  async #bindTo(exchange: string): Promise<void> {
    const { queue, bindings } = this.#spec
    for (const { exchange: one, routingKey } of bindings) {
      const name = JSON.stringify([one, routingKey])
      if (one !== exchange || this.#refused.has(name)) continue
      try {
        await withChannel(this.#model, (channel) => channel.bindQueue(queue, exchange, routingKey))
      } catch (error) {
        if (refusalOf(error) !== 'forbidden') throw error
        this.#refused.add(name)
        const words = `this account may not bind queue ${queue} to exchange ${exchange} (${brokerText(error)})`
        this.#notices.warn(`${words}; what its owner lets into the queue is read`)
      }
    }
  }
}

/** Answers the broker's words when it is not there and may not be declared. */
async function declare(
  model: ChannelModel,
  { what, assert, check }: Declared,
  notices: Notices,
): Promise<string | undefined> {
  try {
    await withChannel(model, assert)
    return undefined
  } catch (error) {
    const refusal = refusalOf(error)
    if (refusal === 'exists-otherwise') {
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

async function isThere(model: ChannelModel, { check }: Pick<Declared, 'check'>): Promise<boolean> {
  try {
    await withChannel(model, check)
    return true
  } catch (error) {
    if (refusalOf(error) === 'missing') return false
    throw error
  }
}
