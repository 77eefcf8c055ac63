/** Number of batches that are looked up once there is a reason to. */
const WARY = 16
/** Without a reason, one batch out of this many is looked up all the same. */
const ONE_IN = 64
/** Longest look-up from pages in memory, ms per statement and per event; a longer one waits for the disk. */
const STATEMENT_MS = 5
const EVENT_MS = 0.1

/**
 * Decides whether a batch is searched for stored events before it is stored. Mostly there are none, and
 * inserting finds them too, but has to be repeated then. A look-up pays after a start, while repeats arrive,
 * and where the index of message ids is on disk.
 */
export class DuplicateLookup {
  #left = WARY
  #spared = 0

  /** Whether to look up the next batch; to be called once for each batch. */
  isDue(): boolean {
    if (this.#left > 0) return true
    this.#spared = (this.#spared + 1) % ONE_IN
    return this.#spared === 0
  }

  /** Records a look-up: how many `events` it was for, how many of them it `found`, and how long it took. */
  looked(events: number, found: number, ms: number): void {
    if (found > 0 || ms > STATEMENT_MS + events * EVENT_MS) this.#left = WARY
    else if (this.#left > 0) this.#left--
  }

  /** Records that an insert failed. */
  failed(): void {
    this.#left = WARY
  }
}
