/** What consumers and workers count beside their own statistics, over all processes and restarts. */
export const TALLY_KINDS = [
  /** messages that consumers have taken from a queue, whatever became of them */
  'taken',
  /** notifications that no event definition matches: queue, event type */
  'dropped',
  /** events that match a trigger */
  'matched',
  /** events of a type that a trigger accepts, and that do not match: trigger, reason */
  'mismatched',
  /** events that match a trigger and can join no stream of it: trigger, reason */
  'misplaced',
  /** streams whose fire pipeline was successful */
  'fired',
  'expired',
  /** streams whose pipeline failed for good */
  'failed',
  /** streams that fired by their criteria; the total is the time from the first event until then, µs */
  'fire_time',
] as const

export type TallyKind = (typeof TALLY_KINDS)[number]

/** A count that has grown. */
export type Tally = {
  readonly kind: TallyKind
  readonly name: string
  readonly detail: string
  readonly amount: number
  readonly total: number
}

/** Stands for the details that have no count of their own. */
export const OTHER_DETAILS = 'others'

/** Most details of one kind and name that are counted apart. */
const MOST_DETAILS = 200

type Grown = { amount: number; total: number }

/**
 * Counts that grow in memory until they are taken to be stored. Details are bounded: event types and reasons come from
 * outside.
 *
 * @example
 * const book = new TallyBook()
 * book.add('dropped', 'monitor.info', 'compute.metrics.update')
 * await store.addTallies(book.take())
 */
export class TallyBook {
  #counts = new Map<TallyKind, Map<string, Map<string, Grown>>>()

  /** Adds to a count. */
  add(kind: TallyKind, name: string, detail = '', amount = 1, total = 0): void {
    const details = this.#detailsOf(kind, name)
    const isNew = !details.has(detail) && details.size >= MOST_DETAILS
    const key = isNew ? OTHER_DETAILS : detail
    const grown = details.get(key)
    if (!grown) details.set(key, { amount, total })
    else {
      grown.amount += amount
      grown.total += total
    }
  }

  /** Returns what has grown since the last call. */
  take(): Tally[] {
    const counts = this.#counts
    this.#counts = new Map()
    return [...counts].flatMap(([kind, names]) =>
      [...names].flatMap(([name, details]) =>
        [...details].map(([detail, grown]) => ({ kind, name, detail, ...grown })),
      ),
    )
  }

  /** Puts back what could not be stored. */
  putBack(tallies: readonly Tally[]): void {
    for (const { kind, name, detail, amount, total } of tallies) this.add(kind, name, detail, amount, total)
  }

  #detailsOf(kind: TallyKind, name: string): Map<string, Grown> {
    const names = this.#counts.get(kind) ?? new Map<string, Map<string, Grown>>()
    if (names.size === 0) this.#counts.set(kind, names)
    const details = names.get(name) ?? new Map<string, Grown>()
    if (details.size === 0) names.set(name, details)
    return details
  }
}
