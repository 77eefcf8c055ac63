import type { Publisher } from '../broker/broker.ts'
import { messageOf, TransientError } from '../domain/errors.ts'
import type { QueueSpec } from '../domain/queue-spec.ts'
import { Backoff, sleep } from '../runtime/backoff.ts'
import type { Logger } from '../runtime/logger.ts'

export type PublishOptions = {
  readonly publisher: Publisher
  /** the queue that is fed, through its exchange where it has one */
  readonly spec: QueueSpec
  readonly logger: Logger
  readonly signal: AbortSignal
  /** told of each message that the broker has confirmed */
  readonly onPublished?: () => void
}

/** Messages on their way to the broker at one time. */
const WINDOW = 500

/**
 * Publishes bodies in order until they end or the signal aborts. A message that was not confirmed is published
 * again once the broker answers, so one may arrive twice. Answers how many were confirmed.
 */
export async function publishAll(
  bodies: Iterable<Buffer> | AsyncIterable<Buffer>,
  options: PublishOptions,
): Promise<number> {
  const { publisher, spec, signal, onPublished = () => {} } = options
  const exchange = spec.exchange ?? ''
  const routingKey = spec.exchange === undefined ? spec.queue : spec.routingKey
  const underWay = new Set<Promise<void>>()
  let confirmed = 0
  await publisher.declare(spec)
  for await (const body of bodies) {
    if (signal.aborted) break
    const sent = publishUntilConfirmed(exchange, routingKey, body, options).then((isConfirmed) => {
      underWay.delete(sent)
      if (!isConfirmed) return
      confirmed++
      onPublished()
    })
    underWay.add(sent)
    if (underWay.size >= WINDOW) await Promise.race(underWay)
  }
  await Promise.all(underWay)
  return confirmed
}

async function publishUntilConfirmed(
  exchange: string,
  routingKey: string,
  body: Buffer,
  { publisher, logger, signal }: PublishOptions,
): Promise<boolean> {
  const backoff = new Backoff({ initialMs: 100, maxMs: 5000 })
  while (!signal.aborted) {
    try {
      await publisher.publish(exchange, routingKey, body)
      return true
    } catch (error) {
      if (!(error instanceof TransientError)) throw error
      logger.warn({}, `${messageOf(error)}; trying again`)
    }
    await sleep(backoff.next(), signal)
  }
  return false
}
