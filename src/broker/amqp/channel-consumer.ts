import type { Channel, ConsumeMessage } from 'amqplib'
import type { Narrowing } from './narrowing.ts'
import type { StreamPosition } from './stream-position.ts'

export type ChannelConsumerOptions = {
  readonly queue: string
  readonly prefetch: number
  readonly position: StreamPosition
  readonly narrowing: Narrowing
  readonly onMessage: (channel: Channel, message: ConsumeMessage) => void
  /** Called when the broker has ended the consumer because the queue was deleted. */
  readonly onDeleted: (channel: Channel) => void
}

/** Consumes a queue over one channel after the other, with a prefetch that can change. */
export class ChannelConsumer {
  readonly #options: ChannelConsumerOptions
  #prefetch: number
  #current: { readonly channel: Channel; readonly consumerTag: string } | undefined
  #reading: Channel | undefined
  #isPaused = false
  /** resolves when all changes of the prefetch are done, which run one after the other */
  #changing: Promise<void> = Promise.resolve()

  constructor(options: ChannelConsumerOptions) {
    this.#options = options
    this.#prefetch = options.prefetch
  }

  /** The channel that the broker has begun to deliver on. */
  get channel(): Channel | undefined {
    return this.#current?.channel
  }

  /**
   * Returns whether messages of this channel can be acknowledged; some come before the broker confirms the
   * consumer.
   */
  isReading(channel: Channel): boolean {
    return this.#reading === channel
  }

  async begin(channel: Channel): Promise<void> {
    this.#reading = channel
    this.#current = { channel, consumerTag: await this.#consume(channel) }
  }

  /** Forgets the channel, which is gone. */
  end(): void {
    this.#current = undefined
    this.#reading = undefined
  }

  /** Changes the prefetch. Resolves when the broker has applied it. */
  setPrefetch(count: number): Promise<void> {
    if (count === this.#prefetch) return this.#changing
    this.#prefetch = count
    return this.#options.narrowing.isNarrow ? this.#changing : this.refresh()
  }

  /** Applies the present prefetch. */
  refresh(): Promise<void> {
    // If the channel closes meanwhile, the next one begins with the new prefetch.
    this.#changing = this.#changing.then(() => this.#consumeAnew()).catch(() => {})
    return this.#changing
  }

  /** Ends deliveries for good. Rejects when the channel is lost instead. */
  async pause(): Promise<void> {
    this.#isPaused = true
    await this.#changing
    if (this.#current) await this.#current.channel.cancel(this.#current.consumerTag)
  }

  async #consume(channel: Channel): Promise<string> {
    const { queue, position, narrowing, onMessage, onDeleted } = this.#options
    await channel.prefetch(narrowing.isNarrow ? 1 : this.#prefetch)
    const onDelivery = (message: ConsumeMessage | null) => {
      if (message === null) onDeleted(channel)
      else onMessage(channel, message)
    }
    try {
      const { consumerTag } = await channel.consume(queue, onDelivery, { arguments: position.asArguments() })
      return consumerTag
    } catch (error) {
      position.refused(error)
      throw error
    }
  }

  /** Begins a new consumer, since the server applies a prefetch only to consumers that begin after it. */
  async #consumeAnew(): Promise<void> {
    const before = this.#current
    if (!before || this.#isPaused) return
    await before.channel.cancel(before.consumerTag)
    const consumerTag = await this.#consume(before.channel)
    if (this.#current === before) this.#current = { channel: before.channel, consumerTag }
    if (this.#isPaused) await before.channel.cancel(consumerTag)
  }
}
