import type { Channel, ConsumeMessage } from 'amqplib'
import type { Narrowing } from './narrowing.ts'
import type { StreamPosition } from './stream-position.ts'

export type ChannelConsumerOptions = {
  readonly queue: string
  readonly prefetch: number
  readonly position: StreamPosition
  readonly narrowing: Narrowing
  readonly onMessage: (channel: Channel, message: ConsumeMessage) => void
  /** Hears that the broker has ended the consumer, since the queue was deleted. */
  readonly onDeleted: (channel: Channel) => void
}

/** Takes the messages of a queue over one channel after the other, and so many at a time as are wanted. */
export class ChannelConsumer {
  readonly #options: ChannelConsumerOptions
  #prefetch: number
  #current: { readonly channel: Channel; readonly consumerTag: string } | undefined
  #reading: Channel | undefined
  #isPaused = false
  /** changes of the prefetch, one after the other */
  #changing: Promise<void> = Promise.resolve()

  constructor(options: ChannelConsumerOptions) {
    this.#options = options
    this.#prefetch = options.prefetch
  }

  /** The channel that the broker has begun to deliver on. */
  get channel(): Channel | undefined {
    return this.#current?.channel
  }

  /** Whether a message of this channel can be acknowledged: some come before the broker says that it has begun. */
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

  /** Takes another number of messages at a time; resolves when the broker knows. */
  setPrefetch(count: number): Promise<void> {
    if (count === this.#prefetch) return this.#changing
    this.#prefetch = count
    return this.#options.narrowing.isNarrow ? this.#changing : this.refresh()
  }

  /** Takes as many messages at a time as are wanted now. */
  refresh(): Promise<void> {
    // A channel that closes meanwhile is followed by one with the new number.
    this.#changing = this.#changing.then(() => this.#consumeAnew()).catch(() => {})
    return this.#changing
  }

  /** Ends deliveries on this channel, and on any other; rejects when the channel is lost instead. */
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

  /** The server takes another number for consumers only that begin after it. */
  async #consumeAnew(): Promise<void> {
    const before = this.#current
    if (!before || this.#isPaused) return
    await before.channel.cancel(before.consumerTag)
    const consumerTag = await this.#consume(before.channel)
    if (this.#current === before) this.#current = { channel: before.channel, consumerTag }
    if (this.#isPaused) await before.channel.cancel(consumerTag)
  }
}
