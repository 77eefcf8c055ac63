import { MICROS_PER_DAY, microsFromInstant } from '../../domain/time.ts'
import type { DeadLetterBox } from '../../store/ports/dead-letter-box.ts'
import type { TrimPlace, Upkeep } from '../../store/ports/upkeep.ts'
import { evaluateTimex, firstMoment } from '../../timex/evaluate.ts'
import type { Expression } from '../../timex/expression.ts'

export type HousekeepingOptions = {
  readonly store: Upkeep & Pick<DeadLetterBox, 'dropDeadLetters'>
  /** the time before which events are deleted, and most events of one deletion; undefined: events are kept */
  readonly trim: { readonly age: Expression; readonly batchSize: number } | undefined
  /** how long dead letters are kept, days; undefined: for ever */
  readonly deadLetterDays: number | undefined
  /** called with the number of deleted events */
  readonly onTrimmed: (count: number) => void
}

const INTERVAL_MS = 10_000
/**
 * How often a trim starts from the oldest event again, ms. Events that were skipped because streams held them
 * may be free by then, since streams are purged.
 */
const FROM_THE_OLDEST_MS = 3_600_000

/**
 * Deletes events and dead letters past their retention, a little at a time, and records the times of closed
 * buckets. Retention follows the machine's time.
 */
export class Housekeeping {
  readonly #options: HousekeepingOptions
  #trimAt = -Infinity
  #lettersAt = -Infinity
  #spansAt = -Infinity
  #changesAt = -Infinity
  #startedAt = -Infinity
  #after: TrimPlace | undefined

  constructor(options: HousekeepingOptions) {
    this.#options = options
  }

  /** Does the steps that are due. Resolves to whether there is more to trim at once. */
  async step(): Promise<boolean> {
    const now = performance.now()
    await this.#trim(now)
    await this.#dropLetters(now)
    await this.#closeSpans(now)
    await this.#trimChanges(now)
    return this.#options.trim !== undefined && performance.now() >= this.#trimAt
  }

  async #trim(now: number): Promise<void> {
    const { trim, store, onTrimmed } = this.#options
    if (!trim || now < this.#trimAt) return
    if (now - this.#startedAt > FROM_THE_OLDEST_MS) {
      this.#startedAt = now
      this.#after = undefined
    }
    const timestamp = Date.now() * 1000
    const olderThan = microsFromInstant(firstMoment(evaluateTimex(trim.age, { timestamp })))
    const { trimmed, after } = await store.trimEvents({
      olderThan,
      limit: trim.batchSize,
      after: this.#after,
    })
    onTrimmed(trimmed)
    if (after) this.#after = after
    else this.#trimAt = now + INTERVAL_MS
  }

  /** Closes one bucket at a time, because each reads the events of a bucket. */
  async #closeSpans(now: number): Promise<void> {
    if (now < this.#spansAt) return
    const isMore = await this.#options.store.closeSpan()
    if (!isMore) this.#spansAt = now + INTERVAL_MS
  }

  async #trimChanges(now: number): Promise<void> {
    if (now < this.#changesAt) return
    const isMore = await this.#options.store.trimChanges()
    if (!isMore) this.#changesAt = now + INTERVAL_MS
  }

  async #dropLetters(now: number): Promise<void> {
    const { deadLetterDays, store } = this.#options
    if (deadLetterDays === undefined || now < this.#lettersAt) return
    this.#lettersAt = now + INTERVAL_MS
    await store.dropDeadLetters({ until: Math.floor(Date.now() * 1000 - deadLetterDays * MICROS_PER_DAY) })
  }
}
