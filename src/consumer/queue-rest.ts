import type { Subscription } from '../broker/broker.ts'
import type { Logger } from '../runtime/logger.ts'
import { Away, type Side } from './away.ts'

export type QueueRestOptions = {
  readonly queue: string
  readonly logger: Logger
  /** aborts when the consumer stops */
  readonly signal: AbortSignal
  readonly subscription: () => Subscription | undefined
  /** Whether batches are still in hand. Delivered again now, their messages would not be known as stored. */
  readonly hasInHand: () => boolean
}

/** When a side is away for longer than this, the messages at hand are given back, ms. */
const PATIENCE_MS = 3000

const AWAY: { readonly [side in Side]: string } = {
  database: 'the database takes no batches',
  archive: 'the archive cannot be written',
  apps: 'an app waits for what it sends to',
}

/**
 * Rests a queue while the database, the archive or an app is away. The messages at hand are given back once
 * and the queue is not read until all sides are back, since the broker counts each delivery that is not
 * acknowledged.
 */
export class QueueRest {
  readonly #options: QueueRestOptions
  readonly away: Away
  /** why the queue is not read; undefined while it is read */
  #why: string | undefined

  constructor(options: QueueRestOptions) {
    this.#options = options
    this.away = new Away({
      patienceMs: PATIENCE_MS,
      onAway: (sides) => this.#begin(sides.map((side) => AWAY[side]).join(', ')),
      onBack: () => this.endWhenDone(),
    })
  }

  /**
   * Called when the channel is gone, with the time for which the oldest batch has been in hand, ms. Rests the
   * queue when that is long: new deliveries could not be handled either, and the broker would count them
   * again.
   */
  channelLost(oldestMs: number): void {
    this.away.tell()
    if (oldestMs > PATIENCE_MS) this.#begin('a batch takes long to be done with')
  }

  /** Why the queue rests, with what the sides themselves said; undefined while it is read. */
  get reason(): string | undefined {
    const sides = [...this.away.sides].map(([side, said]) => (said ? `${AWAY[side]}: ${said}` : AWAY[side]))
    return this.#why && (sides.length > 0 ? sides.join('; ') : this.#why)
  }

  /** Reads the queue again, unless a side is away or batches are still in hand. */
  endWhenDone(): void {
    const { hasInHand, subscription } = this.#options
    if (this.#why === undefined || this.away.isAny || hasInHand()) return
    this.#why = undefined
    subscription()?.resume()
  }

  stop(): void {
    this.away.stop()
  }

  #begin(why: string): void {
    const { queue, logger, signal, subscription } = this.#options
    if (this.#why !== undefined || signal.aborted) return
    this.#why = why
    logger.warn({ queue }, `queue ${queue} is not read while ${why}`)
    subscription()?.rest()
  }
}
