import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib'
import { messageOf } from '../domain/errors.ts'
import type { QueueSpec } from '../domain/queue-spec.ts'
import { Backoff, sleep } from '../runtime/backoff.ts'
import type { Logger } from '../runtime/logger.ts'
import { closeQuietly, openChannel, reasonOf } from './amqp-channel.ts'
import { brokerText } from './amqp-refusal.ts'
import { AwaitedQueueError, declareQueue, QueueBinder } from './amqp-topology.ts'
import type { Delivery, SubscribeOptions, Subscription } from './broker.ts'
import type { Notices } from './notices.ts'
import { StreamPosition } from './stream-position.ts'

export type SubscriptionContext = {
  readonly connected: () => Promise<ChannelModel>
  readonly logger: Logger
  readonly notices: Notices
  readonly reconnectMs: number
  readonly maxReconnectMs: number
  /** how often a queue is bound anew to exchanges of others: one that goes takes its bindings with it, unheard */
  readonly boundAgainMs: number
}

/** What others are to create is looked for so often at most: the broker logs each look that finds nothing. */
const LONGEST_LOOK_MS = 30_000

/** A delivery with the message and channel it must be acknowledged with. */
type AmqpDelivery = Delivery & { readonly message: ConsumeMessage; readonly channel: Channel }

/** Reads a queue over one channel at a time; when that closes, opens the next, for ever. */
export function createAmqpSubscription(
  spec: QueueSpec,
  options: SubscribeOptions,
  context: SubscriptionContext,
): Subscription {
  const { queue } = spec
  const { notices } = context
  const stopping = new AbortController()
  const backoff = new Backoff({ initialMs: context.reconnectMs, maxMs: context.maxReconnectMs })
  const looks = {
    initialMs: Math.min(context.reconnectMs, 1000),
    maxMs: Math.min(context.maxReconnectMs, LONGEST_LOOK_MS),
  }
  const waiting = new Backoff(looks)
  const position = new StreamPosition(spec.streamOffset)
  /** those whose queue was deleted */
  const deleted = new WeakSet<Channel>()
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
      let pause = backoff
      try {
        const reason = await readUntilClosed()
        if (!stopping.signal.aborted) report(reason)
      } catch (error) {
        if (error instanceof AwaitedQueueError) {
          pause = waiting
          notices.awaiting(`queue ${queue}`, error.message)
          options.onAwaiting?.()
        } else report(`cannot read queue ${queue}: ${brokerText(error)}`)
      }
      current = undefined
      options.onLost()
      if (isPaused) return
      await sleep(pause.next(), stopping.signal)
    }
  }

  /** One line when the queue is lost and one when it is back, however many attempts lie between. */
  function report(problem: string): void {
    if (!isReported) context.logger.warn({ queue }, `${problem}; trying again until it works`)
    isReported = true
  }

  /** Answers why it was closed. */
  async function readUntilClosed(): Promise<string> {
    const model = await context.connected()
    await declareQueue(model, spec, notices)
    notices.arrived(`queue ${queue}`)
    const binder = new QueueBinder(model, spec, notices)
    const isBound = await binder.bind()
    const channel = await openChannel(model)
    const closed = new Promise<void>((resolve) => channel.once('close', () => resolve()))
    position.reset()
    current = { channel, consumerTag: await consume(channel) }
    if (stopping.signal.aborted) await closeQuietly(channel)
    backoff.reset()
    waiting.reset()
    context.logger.info({ queue }, isReported ? `queue ${queue} is read again` : `reading queue ${queue}`)
    isReported = false
    options.onReading?.()
    const ended = new AbortController()
    if (!isBound || binder.mustGoOn) void keepBound(binder, isBound, ended.signal)
    await closed
    ended.abort()
    return deleted.has(channel) ? `queue ${queue} was deleted` : lossOf(queue, reasonOf(channel, model))
  }

  /** Looks for exchanges that are missing, and binds anew to those that are there, until the channel is closed. */
  async function keepBound(binder: QueueBinder, isBound: boolean, signal: AbortSignal): Promise<void> {
    const missing = new Backoff(looks)
    let isComplete = isBound
    for (;;) {
      await sleep(isComplete ? context.boundAgainMs : missing.next(), signal)
      if (signal.aborted) return
      try {
        const wasComplete = isComplete
        isComplete = await binder.bind()
        if (wasComplete) missing.reset()
      } catch (error) {
        // Where the connection is lost, that is told elsewhere.
        await sleep(looks.initialMs, signal)
        if (signal.aborted) return
        isComplete = false
        notices.warn(`cannot bind queue ${queue}: ${brokerText(error)}; trying again until it works`)
      }
    }
  }

  async function consume(channel: Channel): Promise<string> {
    await channel.prefetch(prefetch)
    const onMessage = (message: ConsumeMessage | null) => {
      // null: the server cancelled the consumer because the queue was deleted.
      if (message === null) abandon(channel)
      else if (!stopping.signal.aborted) deliver(channel, message)
    }
    const { consumerTag } = await channel.consume(queue, onMessage, { arguments: position.asArguments() })
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
    deleted.add(channel)
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
    position.delivered(message)
    options.onDelivery(delivery)
  }

  return {
    ackUpTo(delivery) {
      const { channel, message } = delivery as AmqpDelivery
      if (current?.channel !== channel) return
      try {
        channel.ack(message, true)
        position.acknowledged(message)
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

function lossOf(queue: string, reason: Error | undefined): string {
  const words = reason && `: ${brokerText(reason)}`
  return `the channel of queue ${queue} was closed${words ?? ''}`
}
