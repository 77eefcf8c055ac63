import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib'
import { messageOf } from '../../domain/errors.ts'
import type { QueueSpec } from '../../domain/queue-spec.ts'
import { Backoff, sleep } from '../../runtime/backoff.ts'
import type { Logger } from '../../runtime/logger.ts'
import type { Delivery, SubscribeOptions, Subscription } from '../broker.ts'
import { closeQuietly, openChannel, reasonOf } from './amqp-channel.ts'
import { brokerText } from './amqp-refusal.ts'
import { AwaitedQueueError, declareQueue, QueueBinder } from './amqp-topology.ts'
import { Narrowing } from './narrowing.ts'
import type { Notices } from './notices.ts'
import { StreamPosition } from './stream-position.ts'
import { faultOf } from './undecoded-headers.ts'

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
const AGAIN = 'its channel was lost again and again before any could be acknowledged'

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
  const givenBack = new WeakSet<Channel>()
  let current: { channel: Channel; consumerTag: string } | undefined
  /** what is acknowledged; messages come before the broker says that the consumer has begun */
  let reading: Channel | undefined
  let prefetch = options.prefetch
  let isPaused = false
  /** resolves when the queue is to be read again */
  let rest: PromiseWithResolvers<void> | undefined
  let isReported = false
  const narrowing = new Narrowing()
  /** changes of the prefetch, one after the other */
  let changing: Promise<void> = Promise.resolve()
  const running = run()

  async function run(): Promise<void> {
    // A channel that is lost while paused is not needed any more.
    while (!stopping.signal.aborted && !isPaused) {
      let pause = backoff
      try {
        const reason = await readUntilClosed()
        if (!stopping.signal.aborted && reason !== undefined) report(reason)
      } catch (error) {
        if (error instanceof AwaitedQueueError) {
          pause = waiting
          notices.awaiting(`queue ${queue}`, error.message)
          options.onAwaiting?.()
        } else report(`cannot read queue ${queue}: ${brokerText(error)}`)
      }
      current = undefined
      reading = undefined
      options.onLost()
      if (rest) await rest.promise
      else if (!isPaused) await sleep(pause.next(), stopping.signal)
    }
  }

  /** One line when the queue is lost and one when it is back, however many attempts lie between. */
  function report(problem: string): void {
    if (!isReported) context.logger.warn({ queue }, `${problem}; trying again until it works`)
    isReported = true
  }

  /** Answers why it was closed; undefined: by rest(). */
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
    reading = channel
    current = { channel, consumerTag: await consume(channel) }
    if (stopping.signal.aborted) await closeQuietly(channel)
    if (rest) giveBack(channel)
    backoff.reset()
    waiting.reset()
    context.logger.info({ queue }, isReported ? `queue ${queue} is read again` : `reading queue ${queue}`)
    isReported = false
    options.onReading?.()
    const ended = new AbortController()
    if (!isBound || binder.mustGoOn) void keepBound(binder, isBound, ended.signal)
    await closed
    ended.abort()
    if (givenBack.has(channel)) return undefined
    if (deleted.has(channel)) return `queue ${queue} was deleted`
    if (narrowing.lost())
      context.logger.warn({ queue }, `queue ${queue} is read one message at a time: ${AGAIN}`)
    return lossOf(queue, reasonOf(channel, model))
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
    await channel.prefetch(narrowing.isNarrow ? 1 : prefetch)
    const onMessage = (message: ConsumeMessage | null) => {
      // null: the server cancelled the consumer because the queue was deleted.
      if (message === null) abandon(channel)
      else if (!stopping.signal.aborted && !rest) deliver(channel, message)
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
    reading = undefined
    void closeQuietly(channel)
  }

  function giveBack(channel: Channel): void {
    givenBack.add(channel)
    void closeQuietly(channel)
  }

  function deliver(channel: Channel, message: ConsumeMessage): void {
    const delivery: AmqpDelivery = {
      queue,
      body: message.content,
      redelivered: message.fields.redelivered,
      fault: faultOf(message.properties) ?? narrowing.delivered(message.content),
      compression: compressionOf(message),
      message,
      channel,
    }
    position.delivered(message)
    options.onDelivery(delivery)
  }

  /** As many as are wanted, now. */
  function widen(): Promise<void> {
    // A channel that closes meanwhile is followed by one with the new number.
    changing = changing.then(consumeAnew).catch(() => {})
    return changing
  }

  return {
    ackUpTo(delivery) {
      const { channel, message } = delivery as AmqpDelivery
      if (reading !== channel) return
      try {
        channel.ack(message, true)
        position.acknowledged(message)
        if (narrowing.acknowledged()) void widen()
      } catch (error) {
        // The channel closes at this moment: the message will be delivered again.
        context.logger.debug({ queue }, `a message could not be acknowledged: ${messageOf(error)}`)
      }
    },
    setPrefetch(count) {
      if (count === prefetch) return changing
      prefetch = count
      return narrowing.isNarrow ? changing : widen()
    },
    rest() {
      if (rest || isPaused || stopping.signal.aborted) return
      rest = Promise.withResolvers()
      // Reading it again is worth a line.
      isReported = true
      if (current) giveBack(current.channel)
    },
    resume() {
      rest?.resolve()
      rest = undefined
      backoff.reset()
    },
    async pause() {
      isPaused = true
      rest?.resolve()
      await changing
      // A channel that does not answer is being lost.
      if (current) await current.channel.cancel(current.consumerTag).catch(() => running)
    },
    async close() {
      if (!stopping.signal.aborted) {
        stopping.abort()
        rest?.resolve()
        // Closing waits for the acknowledgements that were sent before.
        if (current) await closeQuietly(current.channel)
      }
      await running
    },
  }
}

/** Kombu tells it in a header. */
function compressionOf({ properties }: ConsumeMessage): string | undefined {
  const { headers } = properties
  const compression: unknown =
    headers && Object.hasOwn(headers, 'compression') ? headers.compression : undefined
  return typeof compression === 'string' ? compression : undefined
}

function lossOf(queue: string, reason: Error | undefined): string {
  const words = reason && `: ${brokerText(reason)}`
  return `the channel of queue ${queue} was closed${words ?? ''}`
}
