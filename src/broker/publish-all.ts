import { setImmediate as immediate } from 'node:timers/promises'
import { messageOf, TransientError } from '../domain/errors.ts'
import { Backoff, sleep } from '../runtime/backoff.ts'
import type { Logger } from '../runtime/logger.ts'
import { Outage } from '../runtime/outage.ts'
import type { Publisher } from './broker.ts'
import type { Route } from './message.ts'
import { addressOf, type QueueSpec } from './queue-spec.ts'

export type PublishOptions = {
  readonly publisher: Publisher
  /** queue to publish to, through its exchange if it has one */
  readonly spec: QueueSpec
  readonly logger: Logger
  readonly signal: AbortSignal
  /** Returns why the broker takes no messages at the moment: a stop does not wait for confirmations then. */
  readonly hindrance?: () => string | undefined
  /** called for each message that the broker has confirmed */
  readonly onPublished?: () => void
}

/**
 * Most unconfirmed messages and bytes at a time. When either is reached, publishing pauses until half are
 * confirmed.
 */
const MOST_MESSAGES = 2000
const MOST_BYTES = 64 << 20

/** Time that a stop waits for outstanding confirmations, ms. */
const GRACE_MS = 5000

/**
 * Messages published before the event loop gets a turn. Without it the broker would have nothing to do while
 * messages are made.
 */
const MESSAGES_PER_TURN = 32

/**
 * Publishes bodies in order until they end or the signal aborts. Returns how many were confirmed.
 *
 * Unconfirmed messages are published again once the broker is back, before any new one, so a message may
 * arrive twice. Rejects when a message cannot be published at all.
 *
 * @example
 * const count = await publishAll(bodies, { publisher, spec, logger, signal })
 */
export async function publishAll(
  bodies: Iterable<Buffer> | AsyncIterable<Buffer>,
  options: PublishOptions,
): Promise<number> {
  const ended = new AbortController()
  const signal = AbortSignal.any([options.signal, ended.signal])
  const run = new PublishRun({ ...options, signal })
  // A broker that does not reply must not delay a stop.
  const stopped = new Promise<void>((resolve) => {
    options.signal.addEventListener('abort', () => resolve(), { once: true })
  })
  await Promise.race([options.publisher.declare(options.spec), stopped])
  let count = 0
  let timer: NodeJS.Timeout | undefined
  const stop = () => {
    const isHindered = options.hindrance?.() !== undefined
    timer = setTimeout(() => run.giveUp(), isHindered ? 0 : GRACE_MS)
  }
  options.signal.addEventListener('abort', stop, { once: true })
  try {
    for await (const body of bodies) {
      if (run.mustWait) await run.untilBelow(0.5)
      // Checked after the wait too: a stop may have skipped messages that precede this one.
      if (signal.aborted) break
      run.publish(body)
      if (++count % MESSAGES_PER_TURN === 0) await immediate()
    }
    await run.untilBelow(0)
  } finally {
    options.signal.removeEventListener('abort', stop)
    clearTimeout(timer)
    ended.abort()
  }
  return run.confirmed
}

type Message = { readonly number: number; readonly body: Buffer }

class PublishRun {
  confirmed = 0
  #count = 0
  #messagesUnderWay = 0
  #bytesUnderWay = 0
  readonly #options: PublishOptions
  readonly #route: Route
  #failure: unknown
  /** outage of the broker */
  readonly #outage: Outage
  #unconfirmed: Message[] = []
  #isRepeating = false
  #isGivenUp = false
  /** resolves when the next message is confirmed or has failed */
  #next = Promise.withResolvers<void>()

  constructor(options: PublishOptions) {
    this.#options = options
    this.#route = addressOf(options.spec)
    this.#outage = new Outage(options.logger, 'the broker takes messages again')
  }

  /**
   * Whether publishing must pause: the limit is reached, messages have to be published again first, or a
   * message could not be published at all.
   */
  get mustWait(): boolean {
    return this.#isRepeating || this.#failure !== undefined || !this.#isBelow(1)
  }

  publish(body: Buffer): void {
    void this.#send({ number: this.#count++, body })
  }

  /**
   * Resolves when at most this share of the limit is unconfirmed and no message has to be published again.
   * Rejects when a message cannot be published at all.
   */
  async untilBelow(level: number): Promise<void> {
    await this.#until(() => !this.#isRepeating && this.#isBelow(level))
    if (this.#failure !== undefined) throw this.#failure
  }

  #isBelow(level: number): boolean {
    return this.#messagesUnderWay <= level * MOST_MESSAGES && this.#bytesUnderWay <= level * MOST_BYTES
  }

  async #until(holds: () => boolean): Promise<void> {
    while (!holds() && !this.#isGivenUp) await this.#next.promise
  }

  /** Stops waiting: unconfirmed messages may or may not have arrived. */
  giveUp(): void {
    this.#isGivenUp = true
    this.#tell()
  }

  async #send(message: Message): Promise<void> {
    const { length } = message.body
    this.#messagesUnderWay++
    this.#bytesUnderWay += length
    await this.#options.publisher.publish(this.#route, message.body).then(
      () => this.#confirm(),
      (error) => this.#fail(message, error),
    )
    this.#messagesUnderWay--
    this.#bytesUnderWay -= length
    this.#tell()
  }

  #confirm(): void {
    this.confirmed++
    this.#outage.over()
    this.#options.onPublished?.()
  }

  #fail(message: Message, error: unknown): void {
    if (!(error instanceof TransientError)) {
      this.#failure ??= error
      return
    }
    // A connection that is closed after the wait for confirmations is no outage.
    if (!this.#isGivenUp) this.#outage.failed(messageOf(error))
    this.#unconfirmed.push(message)
    if (!this.#isRepeating) void this.#repeat()
  }

  #tell(): void {
    this.#next.resolve()
    this.#next = Promise.withResolvers()
  }

  /** Publishes unconfirmed messages again in their order, until all are confirmed. */
  async #repeat(): Promise<void> {
    this.#isRepeating = true
    const { signal } = this.#options
    const backoff = new Backoff({ initialMs: 100, maxMs: 5000 })
    while (this.#unconfirmed.length > 0 && this.#failure === undefined) {
      await sleep(backoff.next(), signal)
      await this.#until(() => this.#messagesUnderWay === 0)
      if (signal.aborted) break
      const again = this.#unconfirmed.toSorted((a, b) => a.number - b.number)
      this.#unconfirmed = []
      await Promise.all(again.map((message) => this.#send(message)))
    }
    this.#isRepeating = false
    this.#tell()
  }
}
