import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib'
import { messageOf } from '../../domain/errors.ts'
import { Backoff, sleep } from '../../runtime/backoff.ts'
import type { Logger } from '../../runtime/logger.ts'
import { Outage } from '../../runtime/outage.ts'
import type { SubscribeOptions, Subscription } from '../broker.ts'
import type { QueueSpec } from '../queue-spec.ts'
import { closeQuietly, openChannel, reasonOf } from './amqp-channel.ts'
import { type AmqpDelivery, deliveryOf } from './amqp-delivery.ts'
import { brokerText } from './amqp-refusal.ts'
import { ChannelConsumer } from './channel-consumer.ts'
import { AwaitedQueueError, declareQueue } from './declare-queue.ts'
import { keepBound } from './keep-bound.ts'
import { Narrowing } from './narrowing.ts'
import type { Notices } from './notices.ts'
import { QueueBinder } from './queue-binder.ts'
import { StreamPosition } from './stream-position.ts'
import { faultOf } from './undecoded-headers.ts'

export type SubscriptionContext = {
  readonly connected: () => Promise<ChannelModel>
  readonly logger: Logger
  readonly notices: Notices
  readonly reconnectMs: number
  readonly maxReconnectMs: number
  /**
   * how often a queue is bound again to passive exchanges, ms: a deleted one takes its bindings along without
   * notice
   */
  readonly boundAgainMs: number
}

/**
 * Longest pause between two looks for a passive queue or exchange, ms: the broker logs each look that finds
 * nothing.
 */
const LONGEST_LOOK_MS = 30_000
const AGAIN = 'its channel was lost again and again before any could be acknowledged'

/** Reads a queue over one channel at a time. When the channel closes, opens the next, without end. */
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
  const position = new StreamPosition(spec)
  /** channels whose queue was deleted */
  const deleted = new WeakSet<Channel>()
  const givenBack = new WeakSet<Channel>()
  let isPaused = false
  /** resolves when the queue is to be read again */
  let rest: PromiseWithResolvers<void> | undefined
  /** the outage during which the queue is not read */
  const outage = new Outage(
    {
      info: (_, line) => context.logger.info({ queue }, line),
      warn: (_, line) => context.logger.warn({ queue }, line),
    },
    `queue ${queue} is read again`,
  )
  const narrowing = new Narrowing()
  const consumer = new ChannelConsumer({
    queue,
    prefetch: options.prefetch,
    position,
    narrowing,
    onMessage: (channel, message) => {
      if (!stopping.signal.aborted && !rest) deliver(channel, message)
    },
    onDeleted: abandon,
  })
  const running = run()

  async function run(): Promise<void> {
    // A channel that is lost while paused need not be replaced.
    while (!stopping.signal.aborted && !isPaused) {
      let isAwaited = false
      try {
        const reason = await readUntilClosed()
        if (!stopping.signal.aborted && reason !== undefined) outage.failed(reason)
      } catch (error) {
        if (error instanceof AwaitedQueueError) {
          isAwaited = true
          notices.awaiting(`queue ${queue}`, error.message)
          options.onAwaiting?.()
        } else outage.failed(`cannot read queue ${queue}: ${brokerText(error)}`)
      }
      consumer.end()
      options.onLost(isAwaited ? undefined : outage.reason)
      const pause = isAwaited ? waiting : backoff
      if (rest) await rest.promise
      else if (!isPaused) await sleep(pause.next(), stopping.signal)
    }
  }

  /** Reads until the channel is closed. Resolves to the reason; undefined when rest() closed it. */
  async function readUntilClosed(): Promise<string | undefined> {
    const model = await context.connected()
    await declareQueue(model, spec, notices)
    notices.arrived(`queue ${queue}`)
    const binder = new QueueBinder(model, spec, notices)
    const isBound = await binder.bind()
    const channel = await openChannel(model)
    const closed = new Promise<void>((resolve) => channel.once('close', () => resolve()))
    position.reset()
    narrowing.opened()
    await consumer.begin(channel)
    if (stopping.signal.aborted) await closeQuietly(channel)
    if (rest) giveBack(channel)
    backoff.reset()
    waiting.reset()
    if (outage.isOn) outage.over()
    else context.logger.info({ queue }, `reading queue ${queue}`)
    options.onReading?.()
    const ended = new AbortController()
    const keeping = { queue, notices, looks, boundAgainMs: context.boundAgainMs }
    if (!isBound || binder.mustGoOn) void keepBound(binder, isBound, keeping, ended.signal)
    await closed
    ended.abort()
    if (givenBack.has(channel)) return undefined
    if (deleted.has(channel)) return `queue ${queue} was deleted`
    if (narrowing.lost())
      context.logger.warn({ queue }, `queue ${queue} is read one message at a time: ${AGAIN}`)
    return lossOf(queue, reasonOf(channel, model))
  }

  function abandon(channel: Channel): void {
    deleted.add(channel)
    consumer.end()
    void closeQuietly(channel)
  }

  function giveBack(channel: Channel): void {
    givenBack.add(channel)
    void closeQuietly(channel)
  }

  function deliver(channel: Channel, message: ConsumeMessage): void {
    const fault = faultOf(message.properties) ?? narrowing.delivered(message.content)
    const offset = position.delivered(message)
    options.onDelivery(deliveryOf(queue, channel, message, { offset, fault }))
  }

  return {
    ackUpTo(delivery) {
      const { channel, message } = delivery as AmqpDelivery
      if (!consumer.isReading(channel)) return
      try {
        channel.ack(message, true)
        position.acknowledged(message)
        if (narrowing.acknowledged()) void consumer.refresh()
      } catch (error) {
        // The channel is closing: the message will be delivered again.
        context.logger.debug({ queue }, `a message could not be acknowledged: ${messageOf(error)}`)
      }
    },
    setPrefetch: (count) => consumer.setPrefetch(count),
    rest() {
      if (rest || isPaused || stopping.signal.aborted) return
      rest = Promise.withResolvers()
      // The consumer has logged why.
      outage.begin()
      if (consumer.channel) giveBack(consumer.channel)
    },
    resume() {
      rest?.resolve()
      rest = undefined
      backoff.reset()
    },
    async pause() {
      isPaused = true
      rest?.resolve()
      // A channel that does not reply is being lost.
      await consumer.pause().catch(() => running)
    },
    async close() {
      if (!stopping.signal.aborted) {
        stopping.abort()
        rest?.resolve()
        // Closing waits until the acknowledgements sent before have arrived.
        if (consumer.channel) await closeQuietly(consumer.channel)
      }
      await running
    },
  }
}

function lossOf(queue: string, reason: Error | undefined): string {
  const words = reason && `: ${brokerText(reason)}`
  return `the channel of queue ${queue} was closed${words ?? ''}`
}
