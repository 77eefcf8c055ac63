import { setImmediate as immediate } from 'node:timers/promises'
import type { Archive } from '../archive/archive.ts'
import type { Broker, Delivery, Subscription } from '../broker/broker.ts'
import type { EventClock } from '../clock/event-clock.ts'
import { messageOf } from '../domain/errors.ts'
import type { QueueSpec } from '../domain/queue-spec.ts'
import type { Micros } from '../domain/time.ts'
import { Backoff, sleep } from '../runtime/backoff.ts'
import type { Service } from '../runtime/lifecycle.ts'
import type { Logger } from '../runtime/logger.ts'
import { Outage } from '../runtime/outage.ts'
import type { NewDeadLetter } from '../store/ports/dead-letter-box.ts'
import type { Store } from '../store/store.ts'
import type { AppMessage } from './apps/app.ts'
import { type QueueApp, runApps } from './apps/run-apps.ts'
import { Away, type Side } from './away.ts'
import type { ConsumerCounters } from './counters.ts'
import { DeliveryWindow } from './delivery-window.ts'
import { firstTimeOf } from './first-time.ts'
import { GivenBack, type Progress } from './given-back.ts'
import { type PrepareContext, type Prepared, prepare } from './prepare.ts'
import { StoppedError, storeBatch } from './store-batch.ts'

export type QueueConsumerOptions = Omit<PrepareContext, 'encode'> & {
  readonly spec: QueueSpec
  readonly broker: Broker
  /** undefined: raw notifications are not kept */
  readonly archive: Archive | undefined
  /** further apps of the queue, in order; they run when a message is archived and before it is stored */
  readonly apps?: readonly QueueApp[] | undefined
  readonly store: Store
  readonly clock: EventClock
  readonly logger: Logger
  readonly counters: ConsumerCounters
  readonly prefetch: number
  /** most messages of one transaction */
  readonly batchSize: number
  /** longest wait for a batch to fill while another is being stored, ms */
  readonly batchMs: number
  /** told when a batch is stored */
  readonly onStored?: (() => void) | undefined
  /** told what it took to store a batch */
  readonly onBatch?: ((batch: { readonly messages: number; readonly seconds: number }) => void) | undefined
}

const ERROR_PAUSE_MS = 1000
/** A message that tells a time is waited for so long, where none is known. */
const FIRST_TIME_MS = 2000
const LONG_FOR_APPS_MS = 30_000
/** A side that is away for longer has what is at hand given back. */
const GIVE_BACK_MS = 3000
/** Bodies that are delivered and not yet acknowledged, and those of one batch. */
const BYTES_AT_HAND = 5 << 20
const BYTES_PER_BATCH = 1.5 * (1 << 20)
/** After a batch of this share of a full one, more are waited for. */
const FLOOD = 1 / 10

/** A batch between the buffer and its acknowledgement. */
type InHand = {
  deliveries: readonly Delivery[]
  readonly since: number
  progress: Progress | undefined
  /** its channel is gone: the messages come again */
  isLost: boolean
}

/** A batch that is being stored: whether it has been, in the end. Undefined: the consumer stops before. */
type Begun = { readonly stored: Promise<boolean> } | undefined

/**
 * Reads one queue: deliver → archive → distil → store → acknowledge, in order. While the database works on one batch
 * the next goes into the archive and the one after it is prepared. Whatever stops it, a message is acknowledged only
 * after it is in the archive and in the database.
 */
export class QueueConsumer implements Service {
  readonly #options: QueueConsumerOptions
  readonly #stopping = new AbortController()
  readonly #window: DeliveryWindow
  /** of the database */
  readonly #outage: Outage
  #subscription: Subscription | undefined
  #buffer: Delivery[] = []
  /** batches that are taken out of the buffer and not yet stored, in order */
  readonly #inHand: InHand[] = []
  readonly #givenBack = new GivenBack()
  readonly #away: Away
  /** the queue is not read, since a side is away */
  #isResting = false
  /** messages that another had and gave back, in the buffer or being prepared: how old they are is not known yet */
  #returnedUnread = 0
  /** of each batch that is prepared and not yet stored, in order: the oldest of such messages */
  readonly #oldestReturned: Micros[] = []
  /** of the batch before */
  #lastLength = 0
  #wanted = 1
  #isReading = false
  #hasRead = false
  #isAwaiting = false
  /** when the apps were given the batch that they have */
  #givenAt: number | undefined
  #wake: () => void = () => {}
  #running: Promise<void> = Promise.resolve()

  constructor(options: QueueConsumerOptions) {
    this.#options = options
    this.#outage = new Outage(options.logger, 'the database takes batches again')
    this.#away = new Away({
      patienceMs: GIVE_BACK_MS,
      onAway: (sides) => this.#rest(sides.map((side) => AWAY[side]).join(', ')),
      onBack: () => this.#resumeWhenDone(),
    })
    this.#window = new DeliveryWindow({ most: options.prefetch, bytes: BYTES_AT_HAND })
  }

  /** Whether the queue is being read at this moment. */
  get isReading(): boolean {
    return this.#isReading
  }

  /** Whether the queue is another's that does not exist yet. */
  get isAwaiting(): boolean {
    return this.#isAwaiting
  }

  /** Whether the apps have had the same batch for so long that one of them must be away. */
  get isWaitingForApps(): boolean {
    return this.#givenAt !== undefined && performance.now() - this.#givenAt > LONG_FOR_APPS_MS
  }

  async start(): Promise<void> {
    const { broker, spec, counters, clock } = this.#options
    this.#subscription = broker.subscribe(spec, {
      prefetch: this.#window.size,
      onDelivery: (delivery) => {
        // It goes back when the channel is closed.
        if (this.#stopping.signal.aborted) return
        counters.received++
        this.#window.add(delivery.body.length)
        this.#buffer.push(delivery)
        clock.hold(spec.queue)
        if (delivery.redelivered && ++this.#returnedUnread === 1) this.#holdReturned()
        if (this.#buffer.length >= this.#wanted) this.#wake()
      },
      onReading: () => {
        if (this.#hasRead) counters.reconnects++
        this.#hasRead = true
        this.#isReading = true
        this.#isAwaiting = false
      },
      onAwaiting: () => {
        this.#isAwaiting = true
      },
      onLost: () => {
        // What is at hand or on its way will be delivered again, on another channel and perhaps to another consumer.
        if (this.#isReading || this.#hasAtHand()) clock.gaveBack(spec.queue)
        this.#isReading = false
        this.#returnedUnread -= countReturned(this.#buffer)
        this.#buffer = []
        for (const batch of this.#inHand) this.#lose(batch)
        this.#restIfStuck()
        this.#holdReturned()
        this.#releaseWhenDone()
      },
    })
    this.#running = this.#run()
  }

  /** Takes no new deliveries, finishes the batches in hand and gives the rest back. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#away.stop()
    this.#wake()
    await this.#subscription?.pause()
    // What was on its way has come.
    this.#isReading = false
    await this.#running
    await this.#subscription?.close()
  }

  /** Gives back what is at hand, once: the broker counts how often a message is delivered to no purpose. */
  #rest(why: string): void {
    const { logger, spec } = this.#options
    if (this.#isResting || this.#stopping.signal.aborted) return
    this.#isResting = true
    logger.warn({ queue: spec.queue }, `queue ${spec.queue} is not read while ${why}`)
    this.#subscription?.rest()
  }

  /** The channel is gone: what would be delivered anew could not be done with either, and would count again. */
  #restIfStuck(): void {
    this.#away.tell()
    const [oldest] = this.#inHand
    if (oldest && performance.now() - oldest.since > GIVE_BACK_MS)
      this.#rest('a batch takes long to be done with')
  }

  /** What is still in hand is stored first: read again, it would be found to be on its way only. */
  #resumeWhenDone(): void {
    if (!this.#isResting || this.#away.isAny || this.#inHand.length > 0) return
    this.#isResting = false
    this.#subscription?.resume()
  }

  #lose(batch: InHand): void {
    batch.isLost = true
    if (batch.progress) this.#givenBack.note(batch.deliveries, batch.progress)
  }

  #note(batch: InHand, progress: Progress): void {
    batch.progress = progress
    if (batch.isLost) this.#givenBack.note(batch.deliveries, progress)
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    let before: Promise<Begun> = Promise.resolve({ stored: Promise.resolve(true) })
    while (!signal.aborted) {
      const inHand = await this.#nextBatch(before.then((begun) => begun?.stored))
      if (!inHand) continue
      const isAlone = this.#inHand.length === 1
      this.#adjustPrefetch()
      await this.#findTime(inHand)
      const batch = await this.#prepare(inHand)
      if (!isAlone) this.#readAhead(batch)
      const begun = await before
      if (!begun) break
      before = this.#archiveAndStore(inHand, batch, begun.stored)
    }
    await (await before)?.stored
  }

  /** Begins to store a batch when it is in the archive, the apps have had it, and the one before is stored. */
  async #archiveAndStore(
    inHand: InHand,
    batch: readonly Prepared[],
    isBeforeStored: Promise<boolean>,
  ): Promise<Begun> {
    const isArchived = await this.#archive(batch)
    if (isArchived) this.#note(inHand, 'archived')
    const given = isArchived ? await this.#giveToApps(batch) : undefined
    // An acknowledgement is one of everything before it: what is not stored ends the storing of what follows.
    if (!(await isBeforeStored) || !given) return undefined
    return { stored: this.#store(inHand, given) }
  }

  /**
   * Before any time is known a message without one would be of 1970, and its stream would expire at once: it is taken to
   * be of the time of those that come with it.
   */
  async #findTime({ deliveries }: InHand): Promise<void> {
    const { clock, maxMessageBytes } = this.#options
    const { signal } = this.#stopping
    const deadline = performance.now() + FIRST_TIME_MS
    while (clock.now() === 0 && !signal.aborted && performance.now() < deadline) {
      const time = firstTimeOf([...deliveries, ...this.#buffer], maxMessageBytes)
      if (time !== undefined) return void clock.arrive(time)
      await Promise.race([this.#delivered(this.#buffer.length + 1), sleep(FIRST_TIME_MS / 10, signal)])
    }
  }

  #adjustPrefetch(): void {
    const size = this.#window.adjusted()
    if (size !== undefined) void this.#subscription?.setPrefetch(size)
  }

  /**
   * What has been delivered, up to the batch size; waits for the first and a moment for more. Where few come at a
   * time, only while the database is busy: a message that comes alone waits for no other.
   */
  async #nextBatch(storing: Promise<unknown>): Promise<InHand | undefined> {
    const { batchSize, batchMs } = this.#options
    const { signal } = this.#stopping
    if (this.#buffer.length === 0) await this.#delivered(1)
    // The broker delivers no more than the window until some are acknowledged.
    const full = Math.min(batchSize, this.#window.size)
    if (this.#buffer.length < full && batchMs > 0) {
      const filled = new AbortController()
      const isFlood = this.#lastLength >= full * FLOOD
      const patience = isFlood ? [] : [storing]
      await Promise.race([...patience, sleep(batchMs, filled.signal), this.#delivered(full)])
      filled.abort()
    }
    const deliveries = signal.aborted ? [] : this.#buffer.splice(0, this.#batchLength())
    this.#lastLength = deliveries.length
    if (deliveries.length === 0) return undefined
    const inHand: InHand = { deliveries, since: performance.now(), progress: undefined, isLost: false }
    // At once: what is neither in the buffer nor in hand would not hold the clock.
    this.#inHand.push(inHand)
    return inHand
  }

  /** As many messages as make a batch, by their number or their bytes; one at least. */
  #batchLength(): number {
    const { batchSize } = this.#options
    let bytes = 0
    for (const [index, { body }] of this.#buffer.entries()) {
      bytes += body.length
      if (index > 0 && (index >= batchSize || bytes > BYTES_PER_BATCH)) return index
    }
    return this.#buffer.length
  }

  /** Resolves when the buffer holds so many, or the consumer stops. */
  #delivered(count: number): Promise<void> {
    if (this.#stopping.signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      this.#wanted = count
      this.#wake = resolve
    })
  }

  async #prepare(inHand: InHand): Promise<Prepared[]> {
    const batch: Prepared[] = []
    const context = { ...this.#options, encode: this.#options.store.encode }
    let bytes = 0
    for (const delivery of inHand.deliveries) {
      // Unpacked, they may be many more than they were counted for.
      if (bytes > BYTES_PER_BATCH) break
      const prepared = this.#preparedOnce(delivery, context)
      batch.push(prepared)
      bytes += prepared.delivery.body.length
      if (delivery.compression !== undefined) this.#window.add(prepared.delivery.body.length)
      // The answers of the database for the batch before must not wait.
      await immediate()
    }
    this.#putBack(inHand, batch.length)
    this.#oldestReturned.push(oldestReturned(batch))
    this.#returnedUnread -= countReturned(inHand.deliveries)
    this.#holdReturned()
    return batch
  }

  /** Leaves the first so many in hand; the others are the next to be taken. */
  #putBack(inHand: InHand, length: number): void {
    if (inHand.deliveries.length === length) return
    const others = inHand.deliveries.slice(length)
    inHand.deliveries = inHand.deliveries.slice(0, length)
    if (inHand.isLost) this.#returnedUnread -= countReturned(others)
    else this.#buffer.unshift(...others)
  }

  /** What had been done with a message before it went back to the queue is not done again. */
  #preparedOnce(delivery: Delivery, context: PrepareContext): Prepared {
    const progress = this.#givenBack.progressOf(delivery)
    const nothing = { line: undefined, arrival: undefined, deadLetter: undefined }
    if (progress === 'stored') return { delivery, ...nothing, isRepeat: true }
    const prepared = prepare(delivery, context)
    return progress === 'archived' ? { ...prepared, line: undefined } : prepared
  }

  #holdReturned(): void {
    const oldest = this.#returnedUnread > 0 ? 0 : Math.min(...this.#oldestReturned)
    this.#options.clock.holdReturned(this.#options.spec.queue, oldest === NONE ? undefined : oldest)
  }

  /** While the batch before is being stored. Nobody waits for it: the store looks up what this has not found. */
  #readAhead(batch: readonly Prepared[]): void {
    const arrivals = batch.flatMap(({ arrival }) => arrival ?? [])
    void this.#options.store.readAhead(arrivals).catch(() => {})
  }

  /** Nothing goes on before the raw messages are on disk; false: the consumer stops before they were. */
  async #archive(batch: readonly Prepared[]): Promise<boolean> {
    const { archive, logger } = this.#options
    const { signal } = this.#stopping
    const backoff = new Backoff({ initialMs: 100, maxMs: 10_000 })
    for (let failures = 0; archive !== undefined; failures++) {
      try {
        await archive.append(batch.flatMap(({ line }) => line ?? []))
        if (failures > 0) logger.info({}, 'the archive can be written again')
        this.#away.works('archive')
        return true
      } catch (error) {
        this.#away.failed('archive')
        if (failures === 0) logger.error({}, `${messageOf(error)}; trying again until it works`)
      }
      await sleep(backoff.next(), signal)
      if (signal.aborted) return false
    }
    return true
  }

  /** The batch with the dead letters of the apps; undefined: the consumer stops before they had it. */
  async #giveToApps(batch: readonly Prepared[]): Promise<readonly Prepared[] | undefined> {
    const { apps = [], logger } = this.#options
    if (apps.length === 0) return batch
    const onAway = () => this.#away.failed('apps')
    const context = { logger, signal: this.#stopping.signal, onAway }
    const messages = batch.flatMap(({ message }) => message ?? [])
    this.#givenAt = performance.now()
    try {
      const letters = await runApps(apps, messages, context)
      return batch.map((prepared) => withLetters(prepared, letters))
    } catch (error) {
      if (!context.signal.aborted) throw error
      return undefined
    } finally {
      this.#givenAt = undefined
      this.#away.works('apps')
    }
  }

  /** Stores a batch, however often it has to be tried; false: the consumer stops and it is not stored. */
  async #store(inHand: InHand, batch: readonly Prepared[]): Promise<boolean> {
    const { counters, clock, spec, logger } = this.#options
    const { signal } = this.#stopping
    const begun = performance.now()
    for (;;) {
      try {
        await this.#storeAndAcknowledge(batch)
        break
      } catch (error) {
        if (error instanceof StoppedError) return false
        // An error of our own: what is not stored must not be lost.
        logger.error({ error: messageOf(error) }, 'a batch could not be processed; trying it again')
      }
      await sleep(ERROR_PAUSE_MS, signal)
      if (signal.aborted) return false
    }
    const repeats = batch.filter(({ isRepeat }) => isRepeat).length
    counters.duplicates += repeats
    counters.dropped += batch.filter(({ arrival, deadLetter }) => !arrival && !deadLetter).length - repeats
    const last = batch.findLast(({ arrival }) => arrival)?.arrival
    if (last) clock.settled(spec.queue, last.at)
    this.#oldestReturned.shift()
    this.#holdReturned()
    this.#noteNewest(batch)
    this.#options.onBatch?.({ messages: batch.length, seconds: (performance.now() - begun) / 1000 })
    this.#inHand.shift()
    this.#note(inHand, 'stored')
    if (!inHand.isLost) this.#givenBack.forget(inHand.deliveries)
    this.#releaseWhenDone()
    this.#resumeWhenDone()
    return true
  }

  /** A timestamp of the future says nothing of how far behind this consumer is. */
  #noteNewest(batch: readonly Prepared[]): void {
    const { counters } = this.#options
    const now = Date.now() * 1000
    for (const { arrival } of batch) {
      const timestamp = arrival?.event.timestamp
      if (timestamp !== undefined && timestamp <= now) {
        counters.newest = Math.max(counters.newest ?? 0, timestamp)
      }
    }
  }

  #storeAndAcknowledge(batch: readonly Prepared[]): Promise<void> {
    const { counters, store, router, logger } = this.#options
    return storeBatch(batch, {
      store,
      router,
      logger,
      outage: this.#databaseOutage,
      signal: this.#stopping.signal,
      onStored: (last, outcome) => {
        this.#subscription?.ackUpTo(last.delivery)
        counters.stored += outcome.stored
        counters.duplicates += outcome.duplicates
        counters.deadLetters += outcome.deadLetters.length
        for (const stage of outcome.deadLetters) {
          counters.deadLettersByStage[stage] = (counters.deadLettersByStage[stage] ?? 0) + 1
        }
        counters.batches++
        this.#options.onStored?.()
      },
    })
  }

  readonly #databaseOutage = {
    failed: (what: string) => {
      this.#away.failed('database')
      this.#outage.failed(what)
    },
    over: () => {
      this.#away.works('database')
      this.#outage.over()
    },
  }

  #releaseWhenDone(): void {
    if (!this.#hasAtHand()) this.#options.clock.release(this.#options.spec.queue)
  }

  #hasAtHand(): boolean {
    return this.#buffer.length > 0 || this.#inHand.length > 0
  }
}

const AWAY: { readonly [side in Side]: string } = {
  database: 'the database takes no batches',
  archive: 'the archive cannot be written',
  apps: 'an app waits for what it sends to',
}

const NONE = Number.POSITIVE_INFINITY

function countReturned(deliveries: readonly Delivery[]): number {
  return deliveries.filter(({ redelivered }) => redelivered).length
}

/** The earliest timestamp of messages that were delivered before, to whoever gave them back. */
function oldestReturned(batch: readonly Prepared[]): Micros {
  return batch.reduce(
    (oldest, { delivery, arrival }) =>
      delivery.redelivered && arrival ? Math.min(oldest, arrival.event.timestamp) : oldest,
    NONE,
  )
}

/** The message itself is not needed any more. */
function withLetters(
  { message, ...prepared }: Prepared,
  letters: ReadonlyMap<AppMessage, readonly NewDeadLetter[]>,
): Prepared {
  const appLetters = message && letters.get(message)
  return appLetters ? { ...prepared, appLetters } : prepared
}
