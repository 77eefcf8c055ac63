import { setImmediate as immediate } from 'node:timers/promises'
import type { Publisher } from '../broker/broker.ts'
import { messageOf, TransientError } from '../domain/errors.ts'
import type { QueueSpec } from '../domain/queue-spec.ts'
import { Backoff, sleep } from '../runtime/backoff.ts'
import type { Logger } from '../runtime/logger.ts'
import { Outage } from '../runtime/outage.ts'

export type PublishOptions = {
  readonly publisher: Publisher
  /** the queue that is fed, through its exchange where it has one */
  readonly spec: QueueSpec
  readonly logger: Logger
  readonly signal: AbortSignal
  /** told of each message that the broker has confirmed */
  readonly onPublished?: () => void
}

/** What may be on its way to the broker at one time; when it is reached, half of it must arrive first. */
const MOST_MESSAGES = 2000
const MOST_BYTES = 64 << 20

/** So often the socket gets its turn: making messages takes time in which the broker would have nothing to do. */
const MESSAGES_PER_TURN = 32

/**
 * Publishes bodies in order until they end or the signal aborts. A message that was not confirmed is published
 * again once the broker answers, so one may arrive twice. Answers how many were confirmed.
 */
export async function publishAll(
  bodies: Iterable<Buffer> | AsyncIterable<Buffer>,
  options: PublishOptions,
): Promise<number> {
  const run = new PublishRun(options)
  await options.publisher.declare(options.spec)
  let count = 0
  for await (const body of bodies) {
    if (options.signal.aborted) break
    run.publish(body)
    if (run.isFull) await run.untilBelow(0.5)
    else if (++count % MESSAGES_PER_TURN === 0) await immediate()
  }
  await run.untilBelow(0)
  return run.confirmed
}

class PublishRun {
  confirmed = 0
  #messages = 0
  #bytes = 0
  readonly #options: PublishOptions
  readonly #exchange: string
  readonly #routingKey: string
  #failure: unknown
  /** of the broker */
  readonly #outage: Outage
  #level = 0
  #wake: (() => void) | undefined

  constructor(options: PublishOptions) {
    const { exchange, queue, routingKey } = options.spec
    this.#options = options
    this.#outage = new Outage(options.logger, 'the broker takes messages again')
    this.#exchange = exchange ?? ''
    this.#routingKey = exchange === undefined ? queue : routingKey
  }

  get isFull(): boolean {
    return !this.#isBelow(1)
  }

  publish(body: Buffer): void {
    this.#messages++
    this.#bytes += body.length
    this.#send(body).then(
      () => this.#settle(body, true),
      (error) => this.#retry(body, error),
    )
  }

  /** Resolves when no more than a part of the most is under way; rejects when one cannot be published at all. */
  async untilBelow(level: number): Promise<void> {
    if (!this.#isBelow(level)) {
      await new Promise<void>((resolve) => {
        this.#level = level
        this.#wake = resolve
      })
    }
    if (this.#failure !== undefined) throw this.#failure
  }

  #isBelow(level: number): boolean {
    return this.#messages <= level * MOST_MESSAGES && this.#bytes <= level * MOST_BYTES
  }

  #send(body: Buffer): Promise<void> {
    return this.#options.publisher.publish(this.#exchange, this.#routingKey, body)
  }

  #settle(body: Buffer, isConfirmed: boolean): void {
    this.#messages--
    this.#bytes -= body.length
    if (isConfirmed) {
      this.confirmed++
      this.#options.onPublished?.()
      this.#outage.over()
    }
    if (!this.#isBelow(this.#level)) return
    this.#wake?.()
    this.#wake = undefined
  }

  async #retry(body: Buffer, error: unknown): Promise<void> {
    const { signal } = this.#options
    const backoff = new Backoff({ initialMs: 100, maxMs: 5000 })
    let isConfirmed = false
    for (let failure = error; !isConfirmed && !signal.aborted; ) {
      if (!(failure instanceof TransientError)) {
        this.#failure ??= failure
        break
      }
      this.#outage.failed(messageOf(failure))
      await sleep(backoff.next(), signal)
      if (signal.aborted) break
      await this.#send(body).then(
        () => {
          isConfirmed = true
        },
        (again) => {
          failure = again
        },
      )
    }
    this.#settle(body, isConfirmed)
  }
}
