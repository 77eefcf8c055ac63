/** Batches that are looked up once there is a reason to. */
const WARY = 16
/** Of those for which there is none, one in so many is. */
const ONE_IN = 64
/** Longest look-up from pages in memory, ms: of a statement and of each event. Longer ones wait for the disk. */
const STATEMENT_MS = 5
const EVENT_MS = 0.1

/**
 * Whether to look up ahead which events of a batch are stored already. Mostly none is: inserting finds out too, and has
 * then to be done again. It pays after a start, while repeats come, and where the index of message ids is on disk.
 */
export class LookAhead {
  #left = WARY
  #spared = 0

  /** Asked once for each batch. */
  isDue(): boolean {
    if (this.#left > 0) return true
    this.#spared = (this.#spared + 1) % ONE_IN
    return this.#spared === 0
  }

  /** What a look-up came to. */
  looked(events: number, found: number, ms: number): void {
    if (found > 0 || ms > STATEMENT_MS + events * EVENT_MS) this.#left = WARY
    else if (this.#left > 0) this.#left--
  }

  /** An insert failed. */
  failed(): void {
    this.#left = WARY
  }
}
