import { setTimeout as delay } from 'node:timers/promises'
import { type ChannelModel, type ConfirmChannel, connect } from 'amqplib'

const TICK_MS = 10

/** Publishes to a queue at an even rate. */
export class SteadyPublisher {
  readonly #model: ChannelModel
  readonly #channel: ConfirmChannel
  readonly #queue: string
  readonly #perSecond: number
  #isStopped = false

  static async start(amqpUrl: string, queue: string, perSecond: number): Promise<SteadyPublisher> {
    const model = await connect(amqpUrl, { noDelay: true })
    return new SteadyPublisher(model, await model.createConfirmChannel(), queue, perSecond)
  }

  private constructor(model: ChannelModel, channel: ConfirmChannel, queue: string, perSecond: number) {
    this.#model = model
    this.#channel = channel
    this.#queue = queue
    this.#perSecond = perSecond
  }

  /** Publishes the bodies, or those until it is stopped, and closes. `onSent` is called with the place of each. */
  async publish(bodies: readonly Buffer[], onSent?: (index: number) => void): Promise<void> {
    const begun = performance.now()
    for (let sent = 0; sent < bodies.length && !this.#isStopped; ) {
      const soFar = Math.floor(((performance.now() - begun) / 1000) * this.#perSecond) + 1
      for (const due = Math.min(bodies.length, soFar); sent < due; sent++) {
        onSent?.(sent)
        this.#channel.publish('', this.#queue, bodies[sent] as Buffer, { persistent: true })
      }
      await delay(TICK_MS)
    }
    await this.#channel.waitForConfirms()
    await this.#model.close()
  }

  stop(): void {
    this.#isStopped = true
  }
}
