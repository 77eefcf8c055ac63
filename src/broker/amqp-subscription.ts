import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib'
import { messageOf } from '../domain/errors.ts'
import type { QueueSpec } from '../domain/queue-spec.ts'
import { Backoff, sleep } from '../runtime/backoff.ts'
import type { Logger } from '../runtime/logger.ts'
import { closeQuietly, openChannel } from './amqp-channel.ts'
import { declareQueue } from './amqp-topology.ts'
import type { Delivery, SubscribeOptions, Subscription } from './broker.ts'

export type SubscriptionContext = {
  readonly connected: () => Promise<ChannelModel>
  readonly logger: Logger
  readonly reconnectMs: number
  readonly maxReconnectMs: number
}

/** A delivery with the message and channel it must be acknowledged with. */
type AmqpDelivery = Delivery & { readonly message: ConsumeMessage; readonly channel: Channel }

/** Reads a queue over one channel at a time; when that closes, opens the next, for ever. */
export function createAmqpSubscription(
  spec: QueueSpec,
  options: SubscribeOptions,
  context: SubscriptionContext,
): Subscription {
  const { queue } = spec
  const stopping = new AbortController()
  const backoff = new Backoff({ initialMs: context.reconnectMs, maxMs: context.maxReconnectMs })
  let current: { channel: Channel; consumerTag: string } | undefined
  let prefetch = options.prefetch
  let isPaused = false
  let isReported = false
  /** changes of the prefetch, one after the other */
  let changing: Promise<void> = Promise.resolve()
  const running = run()

  async function run(): Promise<void> {
    // A channel that is lost while paused is not needed any more.
    while (!stopping.signal.aborted && !isPaused) {
      try {
        await readUntilClosed()
        if (!stopping.signal.aborted) report(`the channel of queue ${queue} was closed`)
      } catch (error) {
        report(`cannot read queue ${queue}: ${messageOf(error)}`)
      }
      current = undefined
      options.onLost()
      if (isPaused) return
      await sleep(backoff.next(), stopping.signal)
    }
  }

  /** One line when the queue is lost and one when it is back, however many attempts lie between. */
  function report(problem: string): void {
    if (!isReported) context.logger.warn({ queue }, `${problem}; trying again until it works`)
    isReported = true
  }

  async function readUntilClosed(): Promise<void> {
    const model = await context.connected()
    await declareQueue(model, spec, context.logger)
    const channel = await openChannel(model)
    const closed = new Promise<void>((resolve) => channel.once('close', () => resolve()))
    current = { channel, consumerTag: await consume(channel) }
    if (stopping.signal.aborted) await closeQuietly(channel)
    backoff.reset()
    context.logger.info({ queue }, isReported ? `queue ${queue} is read again` : `reading queue ${queue}`)
    isReported = false
    options.onReading?.()
    await closed
  }

  async function consume(channel: Channel): Promise<string> {
    await channel.prefetch(prefetch)
    const { consumerTag } = await channel.consume(queue, (message) => {
      // null: the server cancelled the consumer because the queue was deleted.
      if (message === null) abandon(channel)
      else if (!stopping.signal.aborted) deliver(channel, message)
    })
    return consumerTag
  }

  /** The server takes another number for consumers only that begin after it. */
  async function consumeAnew(): Promise<void> {
    const before = current
    if (!before || isPaused) return
    await before.channel.cancel(before.consumerTag)
    const consumerTag = await consume(before.channel)
    if (current === before) current = { channel: before.channel, consumerTag }
    if (isPaused) await before.channel.cancel(consumerTag)
  }

  function abandon(channel: Channel): void {
    current = undefined
    void closeQuietly(channel)
  }

  function deliver(channel: Channel, message: ConsumeMessage): void {
    const delivery: AmqpDelivery = {
      queue,
      body: message.content,
      redelivered: message.fields.redelivered,
      message,
      channel,
    }
    options.onDelivery(delivery)
  }

  return {
    ackUpTo(delivery) {
      const { channel, message } = delivery as AmqpDelivery
      if (current?.channel !== channel) return
      try {
        channel.ack(message, true)
      } catch (error) {
        // The channel closes at this moment: the message will be delivered again.
        context.logger.debug({ queue }, `a message could not be acknowledged: ${messageOf(error)}`)
      }
    },
    setPrefetch(count) {
      if (count === prefetch) return changing
      prefetch = count
      // A channel that closes meanwhile is followed by one with the new number.
      changing = changing.then(consumeAnew).catch(() => {})
      return changing
    },
    async pause() {
      isPaused = true
      await changing
      // A channel that does not answer is being lost.
      if (current) await current.channel.cancel(current.consumerTag).catch(() => running)
    },
    async close() {
      if (!stopping.signal.aborted) {
        stopping.abort()
        // Closing waits for the acknowledgements that were sent before.
        if (current) await closeQuietly(current.channel)
      }
      await running
    },
  }
}
