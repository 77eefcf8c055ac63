import type { Tally, TallyKind } from '../../domain/tally.ts'
import type { Micros } from '../../domain/time.ts'

/** A stored count, with the times at which it grew first and last, by the database's clock. */
export type StoredTally = Tally & { readonly firstAt: Micros; readonly lastAt: Micros }

/** Streams of a trigger by their state. `ready`: active ones whose fire criteria are met. */
export type StreamsOfTrigger = {
  readonly name: string
  readonly state: string
  readonly count: number
  readonly ready: number
}

/**
 * Counts that outlive processes. What was counted in the last seconds before a process was killed is missing.
 *
 * @example
 * await tallies.addTallies(book.take())
 */
export interface Tallies {
  /** Adds to stored counts, in a transaction of its own. Beyond 10,000 counts, new details are counted as others. */
  addTallies(tallies: readonly Tally[]): Promise<void>
  /** Lists the counts of these kinds, the largest first. */
  listTallies(kinds: readonly TallyKind[], limit: number): Promise<StoredTally[]>
  /** Sums the counts of these kinds by name. */
  sumTallies(kinds: readonly TallyKind[]): Promise<{ kind: TallyKind; name: string; amount: number }[]>
  /** Counts the streams of each trigger by their states; goes through all streams. */
  countStreamsByTrigger(signal?: AbortSignal): Promise<StreamsOfTrigger[]>
}
