import { randomUUID } from 'node:crypto'
import type { Broker, Delivery, Publisher, Subscription } from '../../broker/broker.ts'
import { type KeptPublisher, keptPublisher } from '../../broker/kept-publisher.ts'
import type { QueueSpec } from '../../broker/queue-spec.ts'
import { messageOf, TransientError } from '../../domain/errors.ts'
import { Backoff, sleep } from '../../runtime/backoff.ts'
import type { Logger } from '../../runtime/logger.ts'
import type { Position } from './position.ts'

const PREFETCH = 1000
const WAITS = { initialMs: 500, maxMs: 5000 }
/** Deliveries that are not acknowledged, above which the position is published anew so that they can be. */
const MOST_HELD = 200

export type SeatOptions = {
  readonly broker: Broker
  readonly openPublisher: () => Promise<Publisher>
  /** name of the queue that keeps the position */
  readonly queue: string
  /** whether the position stays when nobody reads any more */
  readonly isDurable: boolean
  readonly logger: Logger
  /** Called when this process may read, with the position where reading goes on; undefined where there is none. */
  readonly onSeated: (position: Position | undefined) => void
  /** Called when another process may read. */
  readonly onLost: () => void
}

/** What stands in the queue: a position, that there is none any more, or a call that shows who reads it. */
type Note = { readonly position?: Position | null; readonly call?: string }

/**
 * The right to read a stream under a name, which one process of several has, and the position that it has reached. A
 * queue of the broker keeps both: with a single active consumer, which leaves the last position unacknowledged, so that
 * the next one gets it.
 */
export class Seat {
  readonly #options: SeatOptions
  readonly #publisher: KeptPublisher
  readonly #stopping = new AbortController()
  #subscription: Subscription | undefined
  #position: Position | undefined
  /** the last position that this process has stored: a queue that is not durable goes with the connection */
  #remembered: Position | undefined
  #call: string | undefined
  #isSeated = false
  /** the delivery of the last position, and how many others came since */
  #kept: Delivery | undefined
  #since = 0

  constructor(options: SeatOptions) {
    this.#options = options
    this.#publisher = keptPublisher(options.openPublisher)
  }

  get isSeated(): boolean {
    return this.#isSeated
  }

  /** Asks for the seat, for as long as it takes. */
  start(): void {
    this.#subscription = this.#options.broker.subscribe(this.#spec(), {
      prefetch: PREFETCH,
      onDelivery: (delivery) => this.#deliver(delivery),
      // Whoever has the seat gets at least this call.
      onReading: () => void this.#publish({ call: randomUUID() }),
      onLost: () => this.#lose(),
    })
  }

  /** Stores the position from which the next one reads. Resolves when the broker has it; rejects while it is away. */
  async store(position: Position | null): Promise<void> {
    if (!this.#isSeated) throw new TransientError('another process reads under this name')
    const publisher = await this.#publisher.opened()
    await publisher.publish(this.#route, noteBytes({ position }))
    this.#remembered = position ?? undefined
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#subscription?.close()
    await this.#publisher.close()
  }

  get #route() {
    return { exchange: '', routingKey: this.#options.queue }
  }

  #spec(): QueueSpec {
    const { queue, isDurable } = this.#options
    return {
      queue,
      bindings: [],
      exchangeType: 'direct',
      durable: true,
      autoDelete: !isDurable,
      exchangeDurable: true,
      exchangeAutoDelete: false,
      arguments: { 'x-single-active-consumer': true },
    }
  }

  #deliver(delivery: Delivery): void {
    const note = noteOf(delivery.body)
    if (note.position !== undefined) {
      this.#position = note.position ?? undefined
      if (this.#kept) this.#subscription?.ackUpTo(this.#kept)
      this.#kept = delivery
      this.#since = 0
    } else this.#since++
    if (this.#isSeated) this.#thinOut()
    else if (this.#call === undefined) {
      // All that stands before this call was there when this process got the seat.
      this.#call = randomUUID()
      void this.#publish({ call: this.#call })
    } else if (note.call === this.#call) {
      this.#isSeated = true
      this.#options.onSeated(this.#position ?? this.#remembered)
    }
  }

  #thinOut(): void {
    if (this.#since < MOST_HELD) return
    this.#since = 0
    void this.#publish({ position: this.#position ?? null })
  }

  #lose(): void {
    const wasSeated = this.#isSeated
    this.#isSeated = false
    this.#call = this.#kept = this.#position = undefined
    this.#since = 0
    if (wasSeated && !this.#stopping.signal.aborted) this.#options.onLost()
  }

  async #publish(note: Note): Promise<void> {
    const backoff = new Backoff(WAITS)
    while (!this.#stopping.signal.aborted) {
      try {
        const publisher = await this.#publisher.opened()
        await publisher.publish(this.#route, noteBytes(note))
        return
      } catch (error) {
        this.#options.logger.debug({}, `a note about the position was not stored: ${messageOf(error)}`)
        await sleep(backoff.next(), this.#stopping.signal)
      }
    }
  }
}

function noteBytes(note: Note): Buffer {
  return Buffer.from(JSON.stringify(note))
}

function noteOf(body: Buffer): Note {
  try {
    const { position, call } = JSON.parse(body.toString()) as Note
    const isPosition = typeof position?.offset === 'number' && typeof position.index === 'number'
    return { ...(isPosition || position === null ? { position } : {}), ...(call ? { call } : {}) }
  } catch {
    return {}
  }
}
