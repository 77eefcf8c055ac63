import type { Broker, Delivery, Publisher, Subscription } from '../../broker/broker.ts'
import { type KeptPublisher, keptPublisher } from '../../broker/kept-publisher.ts'
import type { QueueSpec, StreamOffset } from '../../broker/queue-spec.ts'
import { messageOf } from '../../domain/errors.ts'
import { sleep } from '../../runtime/backoff.ts'
import type { Service } from '../../runtime/lifecycle.ts'
import type { Logger } from '../../runtime/logger.ts'
import type { Matcher } from '../matcher/matcher.ts'
import type { Counters } from '../receivers/counters.ts'
import { framesOf } from '../stream/frames-of.ts'
import { findLast, publishMark } from '../stream/mark.ts'
import { isBefore, type Position, positionText } from '../stream/position.ts'
import type { Seat } from '../stream/seat.ts'
import type { Start } from '../stream/start.ts'
import { MessageView } from '../wire/message-view.ts'
import { scanMessage } from '../wire/scan-message.ts'
import { WireError } from '../wire/wire-error.ts'
import { type Batch, Batcher } from './batcher.ts'
import type { DeadLetters } from './dead-letters.ts'
import { LineWriter } from './line-writer.ts'
import type { PostOutcome } from './poster.ts'

/** Deliveries that are read ahead at first, and bytes at most. */
const FIRST_PREFETCH = 32
const MOST_PREFETCH = 16_384
const MOST_AHEAD_BYTES = 8 << 20
/** Longest wait for posts under way when the subscriber ends, ms. */
const LAST_POSTS_MS = 15_000

export type SubscriberOptions = {
  readonly broker: Broker
  readonly openPublisher: () => Promise<Publisher>
  readonly spec: QueueSpec
  readonly start: Start
  /** Writes the line of a message at a position. Returns whether it has one. */
  readonly encode: (view: MessageView, writer: LineWriter, position: Position) => boolean
  readonly matches: Matcher | undefined
  readonly batchSize: number
  readonly batchTimeoutMs: number
  readonly parallel: number
  /** Posts lines; `id` is the same for the same messages. */
  readonly post: (lines: Buffer, id: string, signal: AbortSignal) => Promise<PostOutcome>
  readonly deadLetters: DeadLetters
  readonly counters: Counters
  readonly logger: Logger
  /** called when a batch was delivered, with the number of its messages */
  readonly onDelivered?: (count: number) => void
  /** called when a message was encoded, with its time in ns since 1970 */
  readonly onEncoded?: (timestamp: bigint) => void
}

type Held = { readonly delivery: Delivery; readonly end: Position }
type Waiting = Batch & { state: 'ready' | 'posting' | 'done' }

/**
 * Reads the stream of a subject, makes lines of its messages and posts them in batches. A message is done when its batch
 * is delivered or kept as a dead letter; positions and acknowledgements never pass one that is not.
 */
export class Subscriber implements Service {
  readonly #options: SubscriberOptions
  readonly #publisher: KeptPublisher
  #seat: Seat | undefined
  readonly #stopping = new AbortController()
  readonly #writer = new LineWriter()
  readonly #view = new MessageView()
  readonly #batcher: Batcher
  #subscription: Subscription | undefined
  #prefetch = FIRST_PREFETCH
  /** deliveries that are not acknowledged, and batches that are not done, in order */
  #held: Held[] = []
  #heldBytes = 0
  #waiting: Waiting[] = []
  #posting = 0
  #position: Position | undefined
  /** offset at which this reading began, where it is known */
  #begun: number | undefined
  #storing: Promise<void> | undefined
  #stored: Position | undefined
  /** counts readings, so that what belongs to an earlier one is not mistaken for the present one */
  #reading = 0
  /** where reading goes on: what stands before is skipped */
  #from: Position | undefined
  /** what else is skipped at the begin of a reading */
  #skip: Skip | undefined

  constructor(options: SubscriberOptions) {
    this.#options = options
    this.#publisher = keptPublisher(options.openPublisher)
    this.#batcher = new Batcher({
      size: Math.max(1, options.batchSize),
      timeoutMs: options.batchTimeoutMs,
      onBatch: (batch) => this.#take(batch),
      takeLines: () => this.#writer.take(),
    })
  }

  /** Keeps positions in a seat, and reads only while this process has it. To be called before start. */
  useSeat(seat: Seat): void {
    this.#seat = seat
  }

  /** Messages of AMQP that are read and not done. */
  get held(): number {
    return this.#held.length
  }

  /** offset of the first message of AMQP that is not done; undefined until it is known */
  get nextOffset(): number | undefined {
    return this.#position?.offset ?? this.#begun
  }

  /** Batches that are not done. */
  get waiting(): number {
    return this.#waiting.length
  }

  async start(): Promise<void> {
    const publisher = await this.#publisher.opened()
    await publisher.declare(this.#options.spec)
    if (this.#seat) this.#seat.start()
    else await this.#readFromStart(publisher)
  }

  /** Reads from a position, or from where the settings say. */
  async readFrom(position: Position | undefined): Promise<void> {
    if (position) return this.#read(position.offset, { from: position })
    try {
      await this.#readFromStart(await this.#publisher.opened())
    } catch (error) {
      this.#options.logger.warn({}, `reading has not begun: ${messageOf(error)}; trying again`)
      await sleep(1000, this.#stopping.signal)
      if (!this.#stopping.signal.aborted) await this.readFrom(undefined)
    }
  }

  /** Ends reading, and forgets what is not done: another process begins there. */
  async leave(): Promise<void> {
    this.#reading++
    const subscription = this.#subscription
    this.#subscription = undefined
    this.#forget()
    await subscription?.close()
  }

  /** Sends what is waiting. What cannot be sent is a dead letter where no position is kept. */
  async stop(): Promise<void> {
    await this.#subscription?.pause()
    this.#batcher.flush()
    const deadline = performance.now() + LAST_POSTS_MS
    while (this.#waiting.length > 0 && performance.now() < deadline) await sleep(20)
    this.#stopping.abort()
    while (this.#posting > 0) await sleep(20)
    if (!this.#seat) await this.#keepRest()
    this.#keepPosition()
    await this.#storing
    await this.#subscription?.close()
    await this.#publisher.close()
  }

  async #keepRest(): Promise<void> {
    const rest = this.#waiting.filter(({ state }) => state !== 'done').flatMap(({ messages }) => messages)
    if (rest.length === 0) return
    const reason = { reason: 'the subscriber ended before they were posted', status: undefined, batch: '' }
    this.#options.logger.warn({}, `${rest.length} messages are kept as dead letters: ${reason.reason}`)
    await this.#options.deadLetters.keep(rest, reason, AbortSignal.abort())
    this.#options.counters.add('deadLetterCount', rest.length)
  }

  async #readFromStart(publisher: Publisher): Promise<void> {
    const { start, spec, broker } = this.#options
    if (start.kind === 'all') return this.#read('first')
    if (start.kind === 'since') {
      const sinceMs = Date.now() - start.ms
      return this.#read({ sinceS: Math.floor(sinceMs / 1000) }, { skip: skipUntil(sinceMs) })
    }
    if (start.kind === 'last') {
      const { last, mark } = await findLast(broker, publisher, spec)
      return this.#read(last?.offset ?? mark, { from: last })
    }
    if (start.kind === 'new') {
      const { mark } = await findLast(broker, publisher, spec)
      return this.#read(mark)
    }
    const id = await publishMark(publisher, spec)
    this.#read('first', { skip: skipCount(start.number - 1, id) })
  }

  #read(offset: StreamOffset, { from, skip }: Begin = {}): void {
    if (this.#stopping.signal.aborted) return
    const reading = ++this.#reading
    this.#begun = offset === 'first' ? 0 : typeof offset === 'number' ? offset : undefined
    this.#forget()
    this.#from = from
    this.#skip = skip
    const { broker, spec } = this.#options
    const subscription = broker.subscribe(
      { ...spec, streamOffset: offset },
      {
        prefetch: this.#prefetch,
        onDelivery: (delivery) => {
          if (reading === this.#reading) this.#deliver(delivery)
        },
        onLost: () => {
          if (reading === this.#reading) this.#lost()
        },
      },
    )
    this.#subscription = subscription
  }

  /** What is not acknowledged comes again: batches that are not done go on, and what they hold is left out then. */
  #lost(): void {
    this.#held = []
    this.#heldBytes = 0
    const next = this.#waiting.at(-1)?.end ?? this.#position
    this.#batcher.clear()
    this.#from = next ?? this.#from
    if (this.#waiting.length > 0) this.#options.counters.add('redeliveredCount')
  }

  #forget(): void {
    this.#batcher.clear()
    this.#held = []
    this.#waiting = []
    this.#heldBytes = 0
    this.#position = this.#stored = this.#from = this.#skip = undefined
  }

  #deliver(delivery: Delivery): void {
    const { offset = 0, body } = delivery
    const messages = framesOf(body)
    const end = { offset: offset + 1, index: 0 }
    this.#held.push({ delivery, end })
    this.#heldBytes += body.length
    if (messages.length === 0) this.#isSkipped(delivery, 0)
    for (const [index, bytes] of messages.entries())
      if (!this.#isSkipped(delivery, index)) this.#message(bytes, { offset, index })
    const before = this.#waiting.at(-1)?.end ?? this.#position
    if (before === undefined || isBefore(before, end)) this.#batcher.passed(end)
    if (this.#batcher.length === 0) this.#batcher.flush()
    this.#acknowledge()
    this.#readAhead()
  }

  /** Whether a message is left out at the begin of a reading. Nothing is after the first one that is not. */
  #isSkipped(delivery: Delivery, index: number): boolean {
    if (this.#from && isBefore({ offset: delivery.offset ?? 0, index }, this.#from)) return true
    this.#from = undefined
    if (this.#skip?.(delivery, index)) return true
    this.#skip = undefined
    return false
  }

  /** Asks for more where all that may come is here, and it is not enough for the batches that could be posted. */
  #readAhead(): void {
    if (this.#held.length < this.#prefetch || this.#prefetch >= MOST_PREFETCH) return
    if (this.#heldBytes > MOST_AHEAD_BYTES || this.#posting >= this.#options.parallel) return
    this.#prefetch = Math.min(2 * this.#prefetch, MOST_PREFETCH)
    void this.#subscription?.setPrefetch(this.#prefetch)
  }

  #message(bytes: Buffer, position: Position): void {
    const { counters, matches, encode, onEncoded } = this.#options
    counters.add('receivedCount')
    try {
      scanMessage(bytes, 0, bytes.length, this.#view)
    } catch (error) {
      if (!(error instanceof WireError)) throw error
      counters.add('undecodableCount')
      return
    }
    if ((matches && !matches(this.#view)) || !encode(this.#view, this.#writer, position)) {
      counters.add('unmatchedCount')
      return
    }
    onEncoded?.(this.#view.timestamp)
    this.#batcher.add({ bytes, position })
  }

  #take(batch: Batch): void {
    const isDone = batch.messages.length === 0
    this.#waiting.push({ ...batch, state: isDone ? 'done' : 'ready' })
    if (isDone) this.#advance()
    else this.#postNext()
  }

  /** Posts batches that are ready, as many at a time as are allowed. The others wait, and no more is read for them. */
  #postNext(): void {
    if (this.#stopping.signal.aborted) return
    for (const batch of this.#waiting) {
      if (this.#posting >= this.#options.parallel) return
      if (batch.state === 'ready') void this.#post(batch, this.#reading)
    }
  }

  async #post(batch: Waiting, reading: number): Promise<void> {
    const { post, counters, onDelivered } = this.#options
    batch.state = 'posting'
    this.#posting++
    try {
      const id = this.#idOf(batch)
      const outcome = await post(batch.lines, id, this.#stopping.signal)
      if (outcome.kind === 'stopped') return
      if (outcome.kind === 'refused') await this.#refused(batch, id, outcome)
      else {
        counters.add('batchCount')
        counters.add('postedCount', batch.messages.length)
        onDelivered?.(batch.messages.length)
      }
      if (reading !== this.#reading) return
      batch.state = 'done'
      this.#advance()
    } catch (error) {
      this.#options.logger.error({}, `a batch was neither posted nor kept: ${messageOf(error)}`)
    } finally {
      this.#posting--
      this.#postNext()
      this.#readAhead()
    }
  }

  async #refused(batch: Waiting, id: string, { reason, status }: Extract<PostOutcome, { kind: 'refused' }>) {
    const { deadLetters, counters, logger } = this.#options
    const count = batch.messages.length
    logger.warn({ batch: id, status }, `${reason}; its ${count} messages are kept as dead letters`)
    await deadLetters.keep(batch.messages, { reason, status, batch: id }, this.#stopping.signal)
    counters.add('deadLetterCount', count)
  }

  #idOf({ messages, end }: Batch): string {
    const first = messages[0] as (typeof messages)[number]
    return `${this.#options.spec.queue}/${positionText(first.position)}-${positionText(end)}`
  }

  /** Moves the position behind all batches that are done. */
  #advance(): void {
    while (this.#waiting[0]?.state === 'done') this.#position = this.#waiting.shift()?.end
    this.#acknowledge()
    this.#keepPosition()
  }

  /** Acknowledges deliveries before the position, so that as many others come. */
  #acknowledge(): void {
    let last: Delivery | undefined
    const end = this.#position
    while (end && this.#held[0] && !isBefore(end, this.#held[0].end)) {
      last = this.#held.shift()?.delivery
      this.#heldBytes -= last?.body.length ?? 0
    }
    if (last) this.#subscription?.ackUpTo(last)
  }

  #keepPosition(): void {
    if (!this.#seat || this.#storing) return
    this.#storing = this.#store().finally(() => {
      this.#storing = undefined
      // It may have moved in the meantime.
      if (this.#position !== this.#stored && !this.#stopping.signal.aborted) this.#keepPosition()
    })
  }

  /** Stores the position, and again while it moves. */
  async #store(): Promise<void> {
    while (this.#position && this.#position !== this.#stored && this.#seat) {
      const next = this.#position
      try {
        await this.#seat.store(next)
        this.#stored = next
      } catch (error) {
        this.#options.logger.debug({}, `the position was not stored: ${messageOf(error)}`)
        if (this.#stopping.signal.aborted) break
        await sleep(500, this.#stopping.signal)
      }
    }
  }
}

type Skip = (delivery: Delivery, index: number) => boolean
/** Where a reading begins, and what else is skipped there. */
type Begin = { readonly from?: Position | undefined; readonly skip?: Skip }

/** Skips what was published before a time. */
function skipUntil(sinceMs: number): Skip {
  return ({ properties }) => {
    const { at_ms: at } = properties.headers ?? {}
    const ms = typeof at === 'number' ? at : (properties.timestamp ?? 0) * 1000 + 999
    return ms < sinceMs
  }
}

/** Skips so many messages, but none behind a mark. */
function skipCount(count: number, mark: string): Skip {
  let left = count
  return ({ properties, body }) => {
    if (properties.messageId === mark) return false
    if (body.length === 0) return true
    return left-- > 0
  }
}
