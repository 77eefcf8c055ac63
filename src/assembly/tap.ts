import { randomUUID } from 'node:crypto'
import type { Broker, Delivery } from '../broker/broker.ts'
import type { QueueSpec } from '../broker/queue-spec.ts'
import { createArrivalClock } from '../clock/arrival-clock.ts'
import type { Config } from '../config/load/config.ts'
import type { QueueSettings } from '../config/load/yagi-settings.ts'
import { prepare } from '../consumer/prepare.ts'
import { decodeNotification } from '../distiller/decode-notification.ts'
import { createDistiller } from '../distiller/distiller.ts'
import { ConfigError } from '../domain/errors.ts'
import type { Event } from '../domain/event.ts'
import type { DistinguishingTraits } from '../domain/trait.ts'
import type { Logger } from '../runtime/logger.ts'
import { planOf } from './build-consumer.ts'
import { buildRouter } from './build-router.ts'

/** What comes into a queue, and what becomes of it. */
export type Tapped = {
  readonly queue: string
  readonly bytes: number
  /** undefined where the message cannot be read */
  readonly eventType: string | undefined
  readonly messageId: string | undefined
  readonly timestamp: string | undefined
  readonly outcome: 'event' | 'dropped' | 'filtered' | 'dead letter'
  /** why it is a dead letter, with the stage before it */
  readonly reason: string | undefined
  /** of an event: number of its traits, and the streams that it joins */
  readonly traits: number
  readonly streams: readonly { readonly trigger: string; readonly traits: DistinguishingTraits }[]
}

/** Most messages that wait for a tap; older ones are dropped. */
const MOST_WAITING = 10_000
const PREFETCH = 200

/**
 * Returns the spec of a queue of its own that gets the same messages as a configured one. Throws ConfigError for a queue
 * whose bindings are not in the configuration.
 */
export function tapSpecOf(settings: QueueSettings): QueueSpec {
  const { queue, bindings } = settings
  if (bindings.length === 0)
    throw new ConfigError(
      `[consumer:${queue}] names no exchange; its messages go to that queue alone and can only be taken away`,
    )
  return {
    queue: `stacktach-tap-${randomUUID()}`,
    bindings,
    exchangeType: settings.exchangeType,
    durable: false,
    autoDelete: true,
    exclusive: true,
    exchangeDurable: settings.exchangeDurable,
    exchangeAutoDelete: settings.exchangeAutoDelete,
    // Nothing is created but the queue.
    exchangePassive: true,
    arguments: { 'x-max-length': MOST_WAITING },
  }
}

/**
 * Follows a queue by a queue of its own: calls `onTapped` for each message, with what a consumer of this configuration
 * would make of it. Resolves to what ends it.
 */
export function openTap(
  { broker, config, settings, logger }: TapParts,
  onTapped: (tapped: Tapped) => Promise<void>,
): { close(): Promise<void> } {
  const describe = createDescriber(config, settings, logger)
  let working: Promise<void> = Promise.resolve()
  const subscription = broker.subscribe(tapSpecOf(settings), {
    prefetch: PREFETCH,
    onDelivery: (delivery) => {
      working = working
        .then(() => onTapped(describe({ ...delivery, queue: settings.queue })))
        .then(() => subscription.ackUpTo(delivery))
    },
    onReading: () => logger.info({ queue: settings.queue }, 'the tap is open'),
    onAwaiting: () =>
      logger.warn({ queue: settings.queue }, 'its exchange does not exist yet; waiting for it'),
    onLost: () => {},
  })
  return {
    async close() {
      await subscription.close()
      await working
    },
  }
}

type TapParts = {
  readonly broker: Broker
  readonly config: Config
  readonly settings: QueueSettings
  readonly logger: Logger
}

/** Creates the function that says what a consumer of this configuration would make of a message of a queue. */
function createDescriber(
  config: Config,
  settings: QueueSettings,
  logger: Logger,
): (delivery: Delivery) => Tapped {
  let traits = 0
  const context = {
    distiller: createDistiller(config.definitions, { catchAll: config.winchester.catch_all_notifications }),
    router: buildRouter(config.triggers, logger, { misplaced: 0 }),
    clock: createArrivalClock(),
    maxMessageBytes: config.yagi?.broker.maxMessageBytes ?? Number.POSITIVE_INFINITY,
    plan: planOf(settings, false),
    encode(distilled: Event) {
      traits = Object.keys(distilled.traits).length
      return { kind: 'encoded-event' } as const
    },
  }
  return (delivery) => {
    traits = 0
    const { outcome, delivery: plain } = prepare(delivery, context)
    const decoded = decodeNotification(plain.body)
    const notification: { readonly [name: string]: unknown } = decoded.ok ? decoded.notification : {}
    const { event_type, message_id, timestamp } = notification
    const about = {
      ...{ queue: settings.queue, bytes: delivery.body.length },
      ...{ eventType: textOf(event_type), messageId: textOf(message_id), timestamp: textOf(timestamp) },
    }
    const nothing = { reason: undefined, traits: 0, streams: [] }
    if (outcome.kind === 'refused') {
      const { stage, reason } = outcome.deadLetter
      return { ...about, ...nothing, outcome: 'dead letter', reason: `${stage}: ${reason}` }
    }
    if (outcome.kind === 'event') {
      const streams = outcome.arrival.keys.map((key) => ({ trigger: key.name, traits: key.traits }))
      return { ...about, ...nothing, outcome: 'event', traits, streams }
    }
    return { ...about, ...nothing, outcome: outcome.kind === 'filtered' ? 'filtered' : 'dropped' }
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
