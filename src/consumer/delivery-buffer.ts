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
  /** aborts when no further batch is wanted */
  readonly signal: AbortSignal
}

/** Most bytes of bodies that are delivered and not yet acknowledged. */
const BYTES_AT_HAND = 5 << 20
/** Most bytes of the bodies of one batch. */
export const BYTES_PER_BATCH = 1.5 * (1 << 20)
/** After a batch of at least this share of a full one, the next waits to be full. */
const FLOOD = 1 / 10

/** The deliveries that have come and are in no batch yet, and how many of them the broker may send. */
export class DeliveryBuffer {
  readonly #options: DeliveryBufferOptions
  readonly #window: DeliveryWindow
  #deliveries: Delivery[] = []
  /** the length of the last batch */
  #lastLength = 0
  /** how many deliveries resolve `#arrived` */
  #wanted = 1
  #arrived: () => void = () => {}

  constructor(options: DeliveryBufferOptions) {
    this.#options = options
    this.#window = new DeliveryWindow({ most: options.prefetch, bytes: BYTES_AT_HAND })
    options.signal.addEventListener('abort', () => this.#arrived(), { once: true })
  }

  /** How many deliveries may wait for their acknowledgement, as far as sizes are known by now. */
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

  /** Counts a body among the sizes that the prefetch follows; once more where unpacking has made it larger. */
  count(body: Buffer): void {
    this.#window.add(body.length)
  }

  /** Returns the prefetch where it should change now. */
  adjustedPrefetch(): number | undefined {
    return this.#window.adjusted()
  }

  /**
   * Takes the next batch out; it is empty only when the signal aborts. Waits for a first delivery, and up to `batchMs`
   * for more. Where few come at a time it waits only while the database is busy (`storing`), so that a message that
   * comes alone waits for no other.
   */
  async nextBatch(storing: Promise<unknown>): Promise<readonly Delivery[]> {
    const { batchSize, batchMs, signal } = this.#options
    if (this.isEmpty) await this.arrived(1)
    // The broker delivers no more than the window until some are acknowledged.
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

  /** Resolves when so many deliveries are in the buffer, or the signal aborts. Only for the last who waits. */
  arrived(count: number): Promise<void> {
    if (this.#options.signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      this.#wanted = count
      this.#arrived = resolve
    })
  }

  /** Puts deliveries back that were taken, as the next to be taken. */
  putBack(deliveries: readonly Delivery[]): void {
    this.#deliveries.unshift(...deliveries)
  }

  /** Empties the buffer and returns what was in it. */
  clear(): readonly Delivery[] {
    return this.#deliveries.splice(0)
  }

  /** As many messages as make a batch, by their number or their bytes; one at least. */
  #batchLength(): number {
    let bytes = 0
    for (const [index, { body }] of this.#deliveries.entries()) {
      bytes += body.length
      if (index > 0 && (index >= this.#options.batchSize || bytes > BYTES_PER_BATCH)) return index
    }
    return this.#deliveries.length
  }
}
