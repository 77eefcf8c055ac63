const FIRST = 100
const MOST = 500
/** How long the handlers of one claim should be at work. */
const WORK_MS = 250
/** Fewer would leave lanes without work. */
const LEAST_OF_A_LANE = 2

/**
 * How many streams a worker claims at a time. It has two claims in hand beside those that it runs: where handlers take
 * long these would wait for it while another worker has nothing to do.
 */
export class ClaimSize {
  readonly #least: number
  readonly #most: number
  #size: number

  constructor(batchSize: number, concurrency: number) {
    this.#most = Math.min(MOST, batchSize)
    this.#least = Math.min(LEAST_OF_A_LANE * concurrency, this.#most)
    this.#size = Math.min(FIRST, this.#most)
  }

  get size(): number {
    return this.#size
  }

  /** Follows how long the handlers of so many streams were at work. */
  follow(streams: number, ms: number): void {
    const fitting = Math.floor((streams / Math.max(ms, 1)) * WORK_MS)
    this.#size = Math.max(this.#least, Math.min(fitting, this.#most))
  }
}
