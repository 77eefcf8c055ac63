import type { Publisher } from '../../broker/broker.ts'
import { type KeptPublisher, keptPublisher } from '../../broker/kept-publisher.ts'
import type { PublishOptions, Route } from '../../broker/message.ts'
import type { QueueSpec } from '../../broker/queue-spec.ts'
import { messageOf, TransientError } from '../../domain/errors.ts'
import { sleep } from '../../runtime/backoff.ts'
import type { Service } from '../../runtime/lifecycle.ts'
import type { Logger } from '../../runtime/logger.ts'
import { Outage } from '../../runtime/outage.ts'
import { FrameGatherer, type Gathered } from './frame-gatherer.ts'
import { FRAMES_TYPE } from './frames-of.ts'

/** Pauses between the attempts to publish, ms; the last one goes on. */
const PAUSES_MS = [250, 500, 1000, 3000, 5000]
/** Most messages of AMQP that the broker has not confirmed. */
const MOST_UNCONFIRMED = 512

export type StreamWriterOptions = {
  readonly openPublisher: () => Promise<Publisher>
  readonly spec: QueueSpec
  readonly logger: Logger
  /** least time between two attempts to reach a broker that is away, ms */
  readonly holdDownMs: number
  /** longest wait for more messages, ms */
  readonly gatherMs: number
  readonly windowBytes: number
  /** whether messages are tried until they are published; else five times */
  readonly isPatient: boolean
  readonly onPublished?: (count: number) => void
  readonly onRetry?: () => void
  /** called when the broker is reached again */
  readonly onReconnected?: () => void
  /** called when there is room again after isFull was true */
  readonly onRoom?: () => void
}

type Batch = Gathered & { isSent: boolean; attempts: number; readonly settled: PromiseWithResolvers<void> }

/**
 * Publishes messages to the stream of a subject, several in one message of AMQP, in order. What the broker has not
 * confirmed is published again after a loss, so it may be there twice.
 *
 * @example
 * writer.add(bytes, 0, bytes.length)
 * await writer.publish(bytes, 0, bytes.length) // resolves when it is confirmed
 */
export class StreamWriter implements Service {
  readonly #options: StreamWriterOptions
  readonly #route: Route
  readonly #gatherer: FrameGatherer
  readonly #outage: Outage
  readonly #publisher: KeptPublisher
  readonly #stopping = new AbortController()
  /** batches that are not confirmed, in order */
  readonly #pending: Batch[] = []
  #pendingBytes = 0
  #gathering: PromiseWithResolvers<void> | undefined
  #connecting: Promise<void> | undefined
  #lastAttempt = Number.NEGATIVE_INFINITY
  #isOpen = true
  #wasReached = false
  #isRecovering = false
  #wasFull = false

  constructor(options: StreamWriterOptions) {
    this.#options = options
    this.#route = { exchange: options.spec.queue, routingKey: '' }
    this.#publisher = keptPublisher(options.openPublisher)
    this.#outage = new Outage(options.logger, 'the broker takes messages again')
    this.#gatherer = new FrameGatherer(options.gatherMs, (gathered) => this.#take(gathered))
  }

  /** Whether the breaker is open: the broker was away at the last attempt. */
  get isBroken(): boolean {
    return this.#isOpen
  }

  /** Why the broker is away; undefined where it is not. */
  get hindrance(): string | undefined {
    return this.#isOpen ? (this.#outage.reason ?? 'the broker is not reached yet') : undefined
  }

  /** Whether so much is unconfirmed that no more should be added until onRoom. */
  get isFull(): boolean {
    const isFull =
      this.#pendingBytes + this.#gatherer.length >= this.#options.windowBytes ||
      this.#pending.length >= MOST_UNCONFIRMED
    if (isFull) this.#wasFull = true
    return isFull
  }

  /** Bytes that are not confirmed. */
  get unconfirmedBytes(): number {
    return this.#pendingBytes + this.#gatherer.length
  }

  /** Connects, and declares the stream. Rejects with TransientError while the broker is away. */
  start(): Promise<void> {
    return this.connect()
  }

  /** Publishes a message some time. */
  add(bytes: Buffer, from: number, end: number): void {
    this.#gatherer.add(bytes, from, end)
  }

  /** Publishes a message. Resolves when it is confirmed; rejects with TransientError when it was given up. */
  publish(bytes: Buffer, from: number, end: number): Promise<void> {
    // Before the promise is taken: what is sent to make room has another one.
    this.#gatherer.makeRoom(end - from)
    const settled = this.#settledWith()
    this.#gatherer.add(bytes, from, end)
    return settled
  }

  /** Connects unless the last attempt is too short a time ago. Rejects with TransientError while the broker is away. */
  async connect(): Promise<void> {
    if (this.#connecting) return this.#connecting
    if (!this.#isOpen) return
    const now = performance.now()
    if (now - this.#lastAttempt < this.#options.holdDownMs)
      throw new TransientError(this.#outage.reason ?? 'the broker is away')
    this.#lastAttempt = now
    this.#connecting = this.#open().finally(() => {
      this.#connecting = undefined
    })
    return this.#connecting
  }

  /** Publishes what is there and waits until it is confirmed or given up. */
  async stop(): Promise<void> {
    this.#gatherer.flush()
    while (this.#pending.length > 0 && (this.#options.isPatient || !this.#isOpen))
      await this.#pending[0]?.settled.promise.catch(() => {})
    this.#stopping.abort()
    for (const batch of this.#pending.splice(0)) this.#giveUp(batch, 'the receiver ends')
    await this.#publisher.close()
  }

  async #open(): Promise<void> {
    try {
      const publisher = await this.#publisher.opened()
      await publisher.declare(this.#options.spec)
    } catch (error) {
      this.#outage.failed(messageOf(error))
      throw error
    }
    this.#isOpen = false
    this.#outage.over()
    if (this.#wasReached) this.#options.onReconnected?.()
    this.#wasReached = true
    this.#pump()
  }

  /** Returns the promise of the batch that the next message belongs to. */
  #settledWith(): Promise<void> {
    this.#gathering ??= Promise.withResolvers()
    return this.#gathering.promise
  }

  #take(gathered: Gathered): void {
    const settled = this.#gathering ?? Promise.withResolvers<void>()
    this.#gathering = undefined
    // Nobody may be waiting for it.
    settled.promise.catch(() => {})
    this.#pending.push({ ...gathered, isSent: false, attempts: 0, settled })
    this.#pendingBytes += gathered.bytes.length
    this.#pump()
    if (this.#isOpen) void this.#recover()
  }

  #pump(): void {
    if (this.#isOpen) return
    for (const batch of this.#pending) if (!batch.isSent) void this.#send(batch)
  }

  async #send(batch: Batch): Promise<void> {
    batch.isSent = true
    try {
      const publisher = await this.#publisher.opened()
      await publisher.publish(this.#route, batch.bytes, propertiesOf(batch.count))
      this.#options.onPublished?.(batch.count)
      this.#remove(batch)
      batch.settled.resolve()
    } catch (error) {
      batch.isSent = false
      if (batch.attempts === 0) this.#options.onRetry?.()
      if (!this.#isOpen) this.#outage.failed(messageOf(error))
      this.#isOpen = true
      if (this.#pending.includes(batch)) void this.#recover()
    }
  }

  /** Tries to reach the broker until it is there, or nothing waits for it. */
  async #recover(): Promise<void> {
    if (this.#isRecovering) return
    this.#isRecovering = true
    for (let round = 0; this.#isOpen && this.#pending.length > 0 && !this.#stopping.signal.aborted; round++) {
      await sleep(PAUSES_MS[Math.min(round, PAUSES_MS.length - 1)] as number, this.#stopping.signal)
      await this.connect().catch(() => {})
      if (this.#isOpen && !this.#options.isPatient) this.#countAttempts()
    }
    this.#isRecovering = false
    // What is still on its way may have failed in the meantime.
    if (this.#isOpen && this.#pending.length > 0 && !this.#stopping.signal.aborted) void this.#recover()
  }

  #countAttempts(): void {
    for (const batch of [...this.#pending]) {
      if (++batch.attempts < PAUSES_MS.length) continue
      this.#remove(batch)
      this.#giveUp(batch, this.#outage.reason ?? 'the broker is away')
    }
  }

  #giveUp(batch: Batch, reason: string): void {
    batch.settled.reject(new TransientError(reason))
  }

  #remove(batch: Batch): void {
    const index = this.#pending.indexOf(batch)
    if (index < 0) return
    this.#pending.splice(index, 1)
    this.#pendingBytes -= batch.bytes.length
    const isRoomy =
      this.#pendingBytes <= this.#options.windowBytes / 2 && this.#pending.length <= MOST_UNCONFIRMED / 2
    if (!this.#wasFull || !isRoomy) return
    this.#wasFull = false
    this.#options.onRoom?.()
  }
}

/** Returns the properties of a message of AMQP that holds so many messages of Heka. */
function propertiesOf(count: number): PublishOptions {
  const now = Date.now()
  return { contentType: FRAMES_TYPE, timestamp: Math.floor(now / 1000), headers: { count, at_ms: now } }
}
