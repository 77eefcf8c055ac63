import type { Delivery } from '../broker/broker.ts'
import { sleep } from '../runtime/backoff.ts'
import { DeliveryWindow } from './delivery-window.ts'

export type DeliveryBufferOptions = {
  /** most deliveries that wait for their acknowledgement */
  readonly prefetch: number
  /** most messages of one batch */
  readonly batchSize: number
  /** longest wait for a batch to fill, ms */
  readonly batchMs: number
  /** aborts when no further batch will be taken */
  readonly signal: AbortSignal
}

/** Most bytes of bodies that are delivered and not yet acknowledged. */
const BYTES_AT_HAND = 5 << 20
/** Most bytes of the bodies of one batch. */
export const BYTES_PER_BATCH = 1.5 * (1 << 20)
/** After a batch of at least this share of a full one, the next waits to be full. */
const FLOOD = 1 / 10

/** Holds the deliveries that are in no batch yet, and decides how many more the broker may send. */
export class DeliveryBuffer {
  readonly #options: DeliveryBufferOptions
  readonly #window: DeliveryWindow
  #deliveries: Delivery[] = []
  /** the length of the last batch */
  #lastLength = 0
  /** how many deliveries must be in the buffer for `#arrived` to be called */
  #wanted = 1
  #arrived: () => void = () => {}

  constructor(options: DeliveryBufferOptions) {
    this.#options = options
    this.#window = new DeliveryWindow({ most: options.prefetch, bytes: BYTES_AT_HAND })
    options.signal.addEventListener('abort', () => this.#arrived(), { once: true })
  }

  /** The most deliveries that may wait for their acknowledgement, given the sizes known by now. */
  get prefetch(): number {
    return this.#window.size
  }

  /** The deliveries, oldest first. */
  get deliveries(): readonly Delivery[] {
    return this.#deliveries
  }

  get isEmpty(): boolean {
    return this.#deliveries.length === 0
  }

  add(delivery: Delivery): void {
    this.count(delivery.body)
    this.#deliveries.push(delivery)
    if (this.#deliveries.length >= this.#wanted) this.#arrived()
  }

  /**
   * Counts the size of a body for the prefetch. To be called once more with the unpacked body of a compressed
   * one.
   */
  count(body: Buffer): void {
    this.#window.add(body.length)
  }

  /** Returns the new prefetch when it should change now, else undefined. */
  adjustedPrefetch(): number | undefined {
    return this.#window.adjusted()
  }

  /**
   * Takes the next batch out. Resolves to an empty batch only when the signal aborts. Waits for a first
   * delivery, then up to `batchMs` for more. While deliveries are few it waits only until `storing` is done,
   * so that a single message is not delayed.
   */
  async nextBatch(storing: Promise<unknown>): Promise<readonly Delivery[]> {
    const { batchSize, batchMs, signal } = this.#options
    if (this.isEmpty) await this.arrived(1)
    // A batch can be no larger than the window: the broker sends no more before an acknowledgement.
    const full = Math.min(batchSize, this.#window.size)
    if (this.#deliveries.length < full && batchMs > 0) {
      const filled = new AbortController()
      const isFlood = this.#lastLength >= full * FLOOD
      const patience = isFlood ? [] : [storing]
      await Promise.race([...patience, sleep(batchMs, filled.signal), this.arrived(full)])
      filled.abort()
    }
    const batch = signal.aborted ? [] : this.#deliveries.splice(0, this.#batchLength())
    this.#lastLength = batch.length
    return batch
  }

  /**
   * Resolves when `count` deliveries are in the buffer, or the signal aborts. Only the last call is resolved.
   */
  arrived(count: number): Promise<void> {
    if (this.#options.signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      this.#wanted = count
      this.#arrived = resolve
    })
  }

  /** Puts taken deliveries back at the front of the buffer. */
  putBack(deliveries: readonly Delivery[]): void {
    this.#deliveries.unshift(...deliveries)
  }

  /** Empties the buffer and returns its deliveries. */
  clear(): readonly Delivery[] {
    return this.#deliveries.splice(0)
  }

  /** Returns how many deliveries the next batch takes, limited by number and by bytes; at least one. */
  #batchLength(): number {
    let bytes = 0
    for (const [index, { body }] of this.#deliveries.entries()) {
      bytes += body.length
      if (index > 0 && (index >= this.#options.batchSize || bytes > BYTES_PER_BATCH)) return index
    }
    return this.#deliveries.length
  }
}
