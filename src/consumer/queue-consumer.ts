import type { Archive } from '../archive/archive.ts'
import type { Broker, Delivery, Subscription } from '../broker/broker.ts'
import { messageOf } from '../domain/errors.ts'
import type { QueueSpec } from '../domain/queue-spec.ts'
import { Backoff, sleep } from '../runtime/backoff.ts'
import type { EventClock } from '../runtime/event-clock.ts'
import type { Service } from '../runtime/lifecycle.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Store } from '../store/store.ts'
import type { ConsumerCounters } from './counters.ts'
import { type PrepareContext, type Prepared, prepare } from './prepare.ts'
import { StoppedError, storeBatch } from './store-batch.ts'

export type QueueConsumerOptions = PrepareContext & {
  readonly spec: QueueSpec
  readonly broker: Broker
  /** undefined: raw notifications are not kept */
  readonly archive: Archive | undefined
  readonly store: Store
  readonly clock: EventClock
  readonly logger: Logger
  readonly counters: ConsumerCounters
  readonly prefetch: number
  /** most messages of one transaction */
  readonly batchSize: number
  /** longest wait for a batch to fill, ms */
  readonly batchMs: number
}

const ERROR_PAUSE_MS = 1000

/**
 * Reads one queue: deliver → archive → distil → store → acknowledge, a batch at a time and in order. Whatever
 * stops it, a message is acknowledged only after it is in the archive and in the database.
 */
export class QueueConsumer implements Service {
  readonly #options: QueueConsumerOptions
  readonly #stopping = new AbortController()
  #subscription: Subscription | undefined
  #buffer: Delivery[] = []
  #wake: () => void = () => {}
  #running: Promise<void> = Promise.resolve()

  constructor(options: QueueConsumerOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    const { broker, spec, prefetch, counters } = this.#options
    this.#subscription = broker.subscribe(spec, {
      prefetch,
      onDelivery: (delivery) => {
        counters.received++
        this.#buffer.push(delivery)
        this.#options.clock.hold(spec.queue)
        this.#wake()
      },
      onLost: () => {
        // These will be delivered again, on another channel.
        this.#buffer = []
        this.#options.clock.release(spec.queue)
      },
    })
    this.#running = this.#run()
  }

  /** Takes no new deliveries, finishes the batch in hand and gives the rest back. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#wake()
    await this.#subscription?.pause()
    await this.#running
    await this.#subscription?.close()
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      const batch = await this.#nextBatch()
      if (batch.length === 0) continue
      try {
        await this.#process(batch)
      } catch (error) {
        if (error instanceof StoppedError) return
        await this.#recover(batch, error)
      }
    }
  }

  /** An error of our own: the batch is tried again, for what is not stored must not be lost. */
  async #recover(batch: readonly Delivery[], error: unknown): Promise<void> {
    const { logger } = this.#options
    logger.error({ error: messageOf(error) }, 'a batch could not be processed; trying it again')
    this.#buffer.unshift(...batch)
    await sleep(ERROR_PAUSE_MS, this.#stopping.signal)
  }

  /** What has been delivered, up to the batch size; waits for the first and a moment for more. */
  async #nextBatch(): Promise<Delivery[]> {
    const { batchSize, batchMs, clock, spec } = this.#options
    const { signal } = this.#stopping
    if (this.#buffer.length === 0) {
      clock.release(spec.queue)
      await this.#delivered()
    }
    if (this.#buffer.length < batchSize && batchMs > 0) await sleep(batchMs, signal)
    return signal.aborted ? [] : this.#buffer.splice(0, batchSize)
  }

  #delivered(): Promise<void> {
    if (this.#stopping.signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  async #process(deliveries: readonly Delivery[]): Promise<void> {
    const { counters, clock, store, router, logger } = this.#options
    const batch = deliveries.map((delivery) => prepare(delivery, this.#options))
    await this.#archive(batch)
    await storeBatch(batch, {
      store,
      router,
      logger,
      signal: this.#stopping.signal,
      onStored: (last, outcome) => {
        this.#subscription?.ackUpTo(last.delivery)
        counters.stored += outcome.stored
        counters.duplicates += outcome.duplicates
        counters.deadLetters += outcome.deadLetters
        counters.batches++
      },
    })
    counters.dropped += batch.filter(({ arrival, deadLetter }) => !arrival && !deadLetter).length
    const last = batch.findLast(({ arrival }) => arrival)?.arrival
    if (last) clock.settled(this.#options.spec.queue, last.at)
  }

  /** Nothing goes on before the raw messages are on disk. */
  async #archive(batch: readonly Prepared[]): Promise<void> {
    const { archive, logger } = this.#options
    const { signal } = this.#stopping
    const backoff = new Backoff({ initialMs: 100, maxMs: 10_000 })
    for (let failures = 0; archive !== undefined; failures++) {
      try {
        await archive.append(batch.map(({ line }) => line))
        if (failures > 0) logger.info({}, 'the archive can be written again')
        return
      } catch (error) {
        if (failures === 0) logger.error({}, `${messageOf(error)}; trying again until it works`)
      }
      await sleep(backoff.next(), signal)
      if (signal.aborted) throw new StoppedError()
    }
  }
}
