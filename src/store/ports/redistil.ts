import type { Event } from '../../domain/event.ts'
import type { IdSet } from '../../domain/id-set.ts'

/** How many events a trait was added to, changed in or removed from, by its name. */
export type TraitCounts = { readonly [name: string]: number }

/** What became of events that were distilled again. */
export type Redistilled = {
  /** events that are stored */
  readonly found: number
  /** those of them whose traits have changed */
  readonly changed: number
  /** message ids of events that are not stored */
  readonly missing: readonly string[]
  readonly added: TraitCounts
  readonly retyped: TraitCounts
  readonly revalued: TraitCounts
  readonly removed: TraitCounts
}

/** Changes of stored events after the event definitions have changed. Streams stay as they are. */
export interface Redistil {
  /**
   * Gives stored events the traits of these, found by their message ids, in one transaction. Their times, types and
   * streams stay. Of repeats of a message_id the first counts, as when they were stored: events in `done` are passed over, and
   * those that are found are added to it.
   */
  redistil(events: readonly Event[], done: IdSet): Promise<Redistilled>
  /**
   * Adds older events to the index of traits that are indexed for newer ones only, at most `limit` events. Returns how
   * many events were looked at; undefined when all are in the index.
   */
  indexOlder(limit: number): Promise<number | undefined>
}
