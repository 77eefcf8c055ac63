/** So many batches are looked up once there is a reason to. */
const WARY = 16
/** Without a reason, one batch of so many is looked up all the same. */
const ONE_IN = 64
/** Longest look-up from pages in memory, ms: of a statement and of each event. Longer ones wait for the disk. */
const STATEMENT_MS = 5
const EVENT_MS = 0.1

/**
 * Decides whether to look up, before a batch is stored, which of its events are stored already. Mostly none is, and
 * inserting finds out too, but has to be done again then. A look-up pays after a start, while repeats come, and where
 * the index of message ids is on disk.
 */
export class DuplicateLookup {
  #left = WARY
  #spared = 0

  /** Returns whether this batch is looked up; to be called once for each batch. */
  isDue(): boolean {
    if (this.#left > 0) return true
    this.#spared = (this.#spared + 1) % ONE_IN
    return this.#spared === 0
  }

  /** Takes the result of a look-up into account. */
  looked(events: number, found: number, ms: number): void {
    if (found > 0 || ms > STATEMENT_MS + events * EVENT_MS) this.#left = WARY
    else if (this.#left > 0) this.#left--
  }

  /** Takes into account that an insert failed. */
  failed(): void {
    this.#left = WARY
  }
}
