const FIRST = 100
const MOST = 500
/** How long the handlers of one claim should take, ms. */
const WORK_MS = 250
/** Least streams of a claim for each lane: with fewer, lanes would be idle. */
const LEAST_OF_A_LANE = 2

/**
 * Decides how many streams a worker claims at a time. A worker holds two claims beside the one that it runs:
 * with slow handlers large claims would wait for it while another worker has nothing to do.
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

  /** Adapts the size to the time, in ms, that the handlers of `streams` streams took. */
  follow(streams: number, ms: number): void {
    const fitting = Math.floor((streams / Math.max(ms, 1)) * WORK_MS)
    this.#size = Math.max(this.#least, Math.min(fitting, this.#most))
  }
}
