const FIRST = 100
const MOST = 500
/** A claim that was worked off sooner is followed by a larger one, one that took longer by a smaller one. */
const SHORT_MS = 250
const LONG_MS = 1000

/**
 * How many streams a worker claims at a time. It has two claims in hand beside those that it runs: where handlers take
 * long these would wait for it while another worker has nothing to do.
 */
export class ClaimSize {
  readonly #most: number
  #size: number

  constructor(batchSize: number) {
    this.#most = Math.min(MOST, batchSize)
    this.#size = Math.min(FIRST, batchSize)
  }

  get size(): number {
    return this.#size
  }

  /** `ms`: how long it was from one claim of this size until the next was asked for. */
  adjust(ms: number): void {
    if (ms < SHORT_MS) this.#size = Math.min(2 * this.#size, this.#most)
    else if (ms > LONG_MS) this.#size = Math.max(this.#size >> 1, 1)
  }
}
