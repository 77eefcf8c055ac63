import { setImmediate as immediate } from 'node:timers/promises'
import type { Archive } from '../archive/archive.ts'
import type { Broker, Delivery, Subscription } from '../broker/broker.ts'
import type { QueueSpec } from '../broker/queue-spec.ts'
import { messageOf } from '../domain/errors.ts'
import type { TallyBook } from '../domain/tally.ts'
import { sleep } from '../runtime/backoff.ts'
import type { Service } from '../runtime/lifecycle.ts'
import type { Logger } from '../runtime/logger.ts'
import { collectGarbage } from '../runtime/memory.ts'
import { Outage } from '../runtime/outage.ts'
import type { Intake } from '../store/ports/intake.ts'
import type { Store } from '../store/store.ts'
import { AppTurn } from './app-turn.ts'
import type { QueueApp } from './apps/run-apps.ts'
import { archiveBatch } from './archive-batch.ts'
import type { Side } from './away.ts'
import { BatchesInHand, type BatchInHand, type IntakeRules } from './batches-in-hand.ts'
import { ClockHold } from './clock-hold.ts'
import { type ConsumerCounters, countNewest, countStored, countUnstored } from './counters.ts'
import { BYTES_PER_BATCH, DeliveryBuffer } from './delivery-buffer.ts'
import { FirstTime } from './first-time.ts'
import { IntakeNotices } from './intake-notices.ts'
import { type PrepareContext, prepare } from './prepare.ts'
import { arrivalOf, type Prepared } from './prepared.ts'
import { QueueRest } from './queue-rest.ts'
import { StoppedError, storeBatch } from './store-batch.ts'

export type QueueConsumerOptions = Omit<PrepareContext, 'encode'> & {
  readonly spec: QueueSpec
  readonly broker: Broker
  /** undefined: raw notifications are not kept */
  readonly archive: Archive | undefined
  /** further apps of the queue, in order; they run when a message is archived and before it is stored */
  readonly apps?: readonly QueueApp[] | undefined
  readonly store: Intake & Pick<Store, 'ping'>
  readonly logger: Logger
  readonly counters: ConsumerCounters
  /** counts notifications that no event definition matches, by queue and event type */
  readonly tally?: Pick<TallyBook, 'add'> | undefined
  /** most deliveries that wait for their acknowledgement; fewer where bodies are large */
  readonly prefetch: number
  /** most messages of one transaction */
  readonly batchSize: number
  /** longest wait for a batch to fill while another is being stored, ms */
  readonly batchMs: number
  /** called when the queue is read, or its owner waited for, for the first time: the broker was reached */
  readonly onReached?: (() => void) | undefined
  /** called when a batch is stored */
  readonly onStored?: (() => void) | undefined
  /** called with the size of a stored batch and the seconds that storing took */
  readonly onBatch?: ((batch: { readonly messages: number; readonly seconds: number }) => void) | undefined
}

const ERROR_PAUSE_MS = 1000
/** Garbage is collected after a batch of so many bytes is prepared. */
const COLLECTED_BYTES = 4 << 20

/** The stages of a batch. Both promises resolve to false when the consumer stops first. */
type Stages = {
  /** resolves when the batch is archived, the apps have handled it, and storing it has begun */
  readonly begun: Promise<boolean>
  readonly stored: Promise<boolean>
}

const DONE: Stages = { begun: Promise.resolve(true), stored: Promise.resolve(true) }

/**
 * Reads one queue: deliver → prepare → archive → give to apps → store → acknowledge, in order. Three batches
 * overlap: while the database stores one, the next goes into the archive and the one after it is prepared.
 * Whatever stops the consumer, a message is acknowledged only after it is in the archive and in the database.
 *
 * docs/architecture/intake.md follows one message through this class.
 *
 * @example
 * const consumer = new QueueConsumer({ spec, broker, archive, store, router, clock, logger, ...others })
 * await consumer.start()
 * await consumer.stop()
 */
export class QueueConsumer implements Service {
  readonly #options: QueueConsumerOptions
  readonly #stopping = new AbortController()
  readonly #buffer: DeliveryBuffer
  readonly #inHand = new BatchesInHand()
  readonly #firstTime: FirstTime
  readonly #clockHold: ClockHold
  readonly #rest: QueueRest
  readonly #appTurn: AppTurn
  readonly #databaseOutage: Pick<Outage, 'failed' | 'over'>
  readonly #archiveOutage: Pick<Outage, 'failed' | 'over'>
  #rules: IntakeRules
  #subscription: Subscription | undefined
  readonly #notices: IntakeNotices
  #isReading = false
  #hasRead = false
  #isAwaiting = false
  /** why the broker does not let the queue be read */
  #lostBecause: string | undefined
  #running: Promise<void> = Promise.resolve()

  constructor(options: QueueConsumerOptions) {
    const { spec, logger, clock, apps = [] } = options
    const { signal } = this.#stopping
    this.#options = options
    this.#rules = options
    this.#notices = new IntakeNotices({ queue: spec.queue, logger })
    this.#buffer = new DeliveryBuffer({ ...options, signal })
    const { maxMessageBytes } = options
    this.#firstTime = new FirstTime({
      clock,
      queue: spec.queue,
      buffer: this.#buffer,
      maxMessageBytes,
      signal,
    })
    const isFull = () => this.#atHand() >= this.#buffer.prefetch / 2
    this.#clockHold = new ClockHold(clock, spec.queue, isFull)
    this.#rest = new QueueRest({
      queue: spec.queue,
      logger,
      signal,
      subscription: () => this.#subscription,
      hasInHand: () => this.#inHand.count > 0,
    })
    const { away } = this.#rest
    this.#appTurn = new AppTurn({
      apps,
      logger,
      signal,
      onAway: () => away.failed('apps'),
      onDone: () => away.works('apps'),
    })
    this.#databaseOutage = this.#awayDuring(
      'database',
      new Outage(logger, 'the database takes batches again'),
    )
    this.#archiveOutage = this.#awayDuring(
      'archive',
      new Outage(ofErrors(logger), 'the archive can be written again'),
    )
  }

  /** Whether the queue is being read at this moment. */
  get isReading(): boolean {
    return this.#isReading
  }

  /** Whether the consumer waits for a queue that another program has to declare first. */
  get isAwaiting(): boolean {
    return this.#isAwaiting
  }

  /**
   * Why the queue is not read at this moment, with the words of the broker or the database; undefined while it is
   * read or waited for.
   */
  get hindrance(): string | undefined {
    if (this.#isReading || this.#isAwaiting) return undefined
    return this.#rest.reason ?? this.#lostBecause ?? 'the broker has not answered yet'
  }

  /** Whether the apps have held the same batch for so long that one of them must be away. */
  get isWaitingForApps(): boolean {
    return this.#appTurn.isLong
  }

  /** Prepares and stores each batch from the next one on by these definitions and triggers. */
  useRules(rules: IntakeRules): void {
    this.#rules = rules
  }

  async start(): Promise<void> {
    const { broker, spec, counters } = this.#options
    this.#subscription = broker.subscribe(spec, {
      prefetch: this.#buffer.prefetch,
      onDelivery: (delivery) => {
        // The broker takes the delivery back when the channel is closed.
        if (this.#stopping.signal.aborted) return
        counters.received++
        this.#clockHold.delivered(delivery)
        this.#buffer.add(delivery)
      },
      onReading: () => {
        if (this.#hasRead) counters.reconnects++
        this.#hasRead = true
        this.#isReading = true
        this.#isAwaiting = false
        this.#lostBecause = undefined
        this.#clockHold.reading(true)
        this.#options.onReached?.()
      },
      onAwaiting: () => {
        this.#isAwaiting = true
        // A queue that does not exist holds no messages, so the clock need not wait for it.
        this.#clockHold.reading(true)
        this.#options.onReached?.()
      },
      onLost: (reason) => {
        // Whether the queue is there is not known any more.
        if (reason !== undefined) this.#isAwaiting = false
        this.#lostBecause = reason
        this.#lost()
      },
    })
    this.#running = this.#run()
  }

  /** Takes no new deliveries, finishes the batches in hand and returns the rest to the queue. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#rest.stop()
    await this.#subscription?.pause()
    // Deliveries that were on their way have come by now.
    this.#isReading = false
    await this.#running
    this.#notices.end()
    await this.#subscription?.close()
  }

  /**
   * Called when the channel is gone: messages at hand or on their way come again, on another channel and
   * perhaps to another consumer.
   */
  #lost(): void {
    if (this.#isReading || this.#hasAtHand()) this.#clockHold.gaveBack()
    this.#isReading = false
    // A queue that is not there yet is empty.
    this.#clockHold.reading(this.#isAwaiting)
    this.#clockHold.dropped(this.#buffer.clear())
    this.#inHand.lose()
    this.#rest.channelLost(this.#inHand.oldestMs)
    this.#releaseWhenDone()
  }

  async #run(): Promise<void> {
    let before = DONE
    while (!this.#stopping.signal.aborted) {
      const next = await this.#takeBatch(before)
      if (!next) break
      before = next
    }
    await before.stored
  }

  /**
   * Takes the next batch and prepares it while the one before is archived or stored. Resolves to undefined when
   * the consumer stops first. A call per batch: the frame of one long loop would keep the batch before in memory.
   */
  async #takeBatch(before: Stages): Promise<Stages | undefined> {
    const deliveries = await this.#buffer.nextBatch(before.stored)
    if (deliveries.length === 0) return before
    // Without an await in between: deliveries neither in the buffer nor in hand would not hold the clock.
    const inHand = this.#inHand.add(deliveries, this.#rules)
    const isAlone = this.#inHand.count === 1
    const prefetch = this.#buffer.adjustedPrefetch()
    if (prefetch !== undefined) void this.#subscription?.setPrefetch(prefetch)
    await this.#firstTime.find(inHand.deliveries)
    const batch = await this.#prepare(inHand)
    if (!isAlone) this.#warmUp(batch)
    if (!(await before.begun)) return undefined
    return this.#carryOn(inHand, batch, before.stored)
  }

  /** Archives a batch and gives it to the apps, then stores it once the batch before is stored. */
  #carryOn(inHand: BatchInHand, batch: readonly Prepared[], isBeforeStored: Promise<boolean>): Stages {
    const given = this.#archiveAndGive(inHand, batch)
    // An acknowledgement covers all earlier messages: after a batch that is not stored none may be stored.
    const ready = Promise.all([isBeforeStored, given]).then(([isStored, had]) => (isStored ? had : undefined))
    return {
      begun: ready.then((had) => had !== undefined),
      stored: ready.then((had) => (had === undefined ? false : this.#store(inHand, had))),
    }
  }

  /** Resolves to undefined when the consumer stops first. */
  async #archiveAndGive(
    inHand: BatchInHand,
    batch: readonly Prepared[],
  ): Promise<readonly Prepared[] | undefined> {
    const { archive } = this.#options
    const context = { signal: this.#stopping.signal, outage: this.#archiveOutage }
    if (archive && !(await archiveBatch(batch, { archive, ...context }))) return undefined
    this.#inHand.note(inHand, 'archived')
    return this.#appTurn.give(batch)
  }

  async #prepare(inHand: BatchInHand): Promise<Prepared[]> {
    const batch: Prepared[] = []
    const context = { ...this.#options, ...inHand.rules, encode: this.#options.store.encode }
    let bytes = 0
    for (const delivery of inHand.deliveries) {
      // Unpacked bodies may be far larger than the batch was counted for.
      if (bytes > BYTES_PER_BATCH) break
      const prepared = this.#preparedOnce(delivery, context)
      batch.push(prepared)
      bytes += prepared.delivery.body.length
      if (prepared.delivery.body !== delivery.body) this.#buffer.count(prepared.delivery.body)
      // Replies of the database to the batch before must not wait.
      await immediate()
    }
    this.#putBack(inHand, batch.length)
    // The decoded messages are garbage now, several times as large as their bodies.
    if (bytes > COLLECTED_BYTES) collectGarbage()
    this.#clockHold.read(inHand.deliveries, batch)
    return batch
  }

  /** Keeps the first `length` deliveries in hand and puts the others back at the front of the buffer. */
  #putBack(inHand: BatchInHand, length: number): void {
    if (inHand.deliveries.length === length) return
    const others = inHand.deliveries.slice(length)
    inHand.deliveries = inHand.deliveries.slice(0, length)
    if (inHand.isLost) this.#clockHold.dropped(others)
    else this.#buffer.putBack(others)
  }

  /** Prepares a message, without the steps that were done before it went back to the queue. */
  #preparedOnce(delivery: Delivery, context: PrepareContext): Prepared {
    const progress = this.#inHand.progressOf(delivery)
    if (progress === 'stored') return { delivery, record: undefined, outcome: { kind: 'repeat' } }
    const prepared = prepare(delivery, context)
    return progress === 'archived' ? { ...prepared, record: undefined } : prepared
  }

  /**
   * Looks up what the store will need for a batch while the batch before is stored. Nothing waits for the
   * result: the store itself looks up what is still missing.
   */
  #warmUp(batch: readonly Prepared[]): void {
    const arrivals = batch.flatMap((prepared) => arrivalOf(prepared) ?? [])
    void this.#options.store.warmUp(arrivals).catch(() => {})
  }

  /**
   * Stores and acknowledges a batch, with as many attempts as it takes. Resolves to false when the consumer
   * stops first.
   */
  async #store(inHand: BatchInHand, batch: readonly Prepared[]): Promise<boolean> {
    const { counters } = this.#options
    const begun = performance.now()
    if (!(await this.#storeUntilDone(batch, inHand.rules))) return false
    countUnstored(counters, batch, this.#options.tally)
    countNewest(counters, batch)
    this.#clockHold.stored(batch)
    this.#options.onBatch?.({ messages: batch.length, seconds: (performance.now() - begun) / 1000 })
    this.#inHand.finish(inHand)
    this.#releaseWhenDone()
    this.#rest.endWhenDone()
    return true
  }

  async #storeUntilDone(batch: readonly Prepared[], { router }: IntakeRules): Promise<boolean> {
    const { counters, store, logger, onStored } = this.#options
    const { signal } = this.#stopping
    const reports = this.#clockHold.reportsOfOldest()
    for (;;) {
      try {
        await storeBatch(batch, {
          store,
          router,
          signal,
          outage: this.#databaseOutage,
          reports,
          onStored: (part, outcome) => {
            this.#subscription?.ackUpTo((part.at(-1) as Prepared).delivery)
            countStored(counters, outcome)
            this.#notices.add(part, outcome.deadLetterIds)
            onStored?.()
          },
        })
        return true
      } catch (error) {
        if (error instanceof StoppedError) return false
        // A bug of the consumer: the messages that are not stored must not be lost.
        logger.error({ error: messageOf(error) }, 'a batch could not be processed; trying it again')
      }
      await sleep(ERROR_PAUSE_MS, signal)
      if (signal.aborted) return false
    }
  }

  /** Wraps an outage so that the side counts as away while the outage lasts. */
  #awayDuring(side: Side, outage: Outage): Pick<Outage, 'failed' | 'over'> {
    const { away } = this.#rest
    return {
      failed(what) {
        away.failed(side, what)
        outage.failed(what)
      },
      over() {
        away.works(side)
        outage.over()
      },
    }
  }

  #releaseWhenDone(): void {
    if (!this.#hasAtHand()) this.#clockHold.release()
  }

  #hasAtHand(): boolean {
    return !this.#buffer.isEmpty || this.#inHand.count > 0
  }

  /** Returns how many messages are delivered and not yet acknowledged. */
  #atHand(): number {
    return this.#buffer.deliveries.length + this.#inHand.messages
  }
}

/** Returns a logger that logs warnings as errors. */
function ofErrors(logger: Logger): Pick<Logger, 'info' | 'warn'> {
  return {
    info: (fields, line) => logger.info(fields, line),
    warn: (fields, line) => logger.error(fields, line),
  }
}
