import type { ChannelModel } from 'amqplib'
import { exchangeSpecOf, exchangesOf, type QueueSpec } from '../queue-spec.ts'
import { withChannel } from './amqp-channel.ts'
import { brokerText, refusalOf } from './amqp-refusal.ts'
import { declareExchange } from './declare-exchange.ts'
import type { Notices } from './notices.ts'

/** Binds a queue to its exchanges. Declares exchanges first unless they are passive. */
export class QueueBinder {
  readonly #model: ChannelModel
  readonly #spec: QueueSpec
  readonly #notices: Notices
  /** bindings that the account may not make; further attempts would fill the broker's log */
  readonly #refused = new Set<string>()

  constructor(model: ChannelModel, spec: QueueSpec, notices: Notices) {
    this.#model = model
    this.#spec = spec
    this.#notices = notices
  }

  /** Whether bind() must be repeated, since passive exchanges may come, or go and come again. */
  get mustGoOn(): boolean {
    return this.#spec.exchangePassive === true && exchangesOf(this.#spec).length > 0
  }

  /**
   * Binds to every existing exchange. Resolves to false when some are still missing. Binding twice changes
   * nothing.
   */
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

  /** Declares or looks at an exchange. Resolves to the reason why it is missing; undefined when it exists. */
  async #missing(exchange: string): Promise<string | undefined> {
    const missing = await declareExchange(this.#model, exchangeSpecOf(this.#spec, exchange), this.#notices)
    if (missing === 'awaited') return `exchange_passive = True in [consumer:${this.#spec.queue}]`
    return missing && `this account may not create it: ${missing.refused}`
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
