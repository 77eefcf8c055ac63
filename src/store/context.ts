import type { OpenDatabase } from './dialect.ts'
import { EventTypes } from './event-types.ts'
import { LookAhead } from './intake/look-ahead.ts'
import { RecentHashes } from './intake/recent-hashes.ts'

/** Waits for writers: those that come while one is under way share the next. */
export type WriterWaits = { current?: Promise<void>; next?: Promise<void> }

/** What every query group needs to know. */
export type StoreContext = OpenDatabase & {
  readonly eventTypes: EventTypes
  /** names of the traits that go into the inverted index */
  readonly indexedTraits: ReadonlySet<string>
  /** others index traits that this writer does not */
  readonly hasUnindexed: boolean
  /** the highest ids below which no more become visible, as far as is known */
  readonly settled: { event: number; stream: number }
  readonly waits: WriterWaits
  /** of events that were stored after others were looked up ahead of being stored */
  readonly recentHashes: RecentHashes
  readonly lookAhead: LookAhead
}

export function createContext(
  { db, dialect }: OpenDatabase,
  indexedTraits: Iterable<string> = [],
): StoreContext {
  return {
    db,
    dialect,
    eventTypes: new EventTypes(db, dialect),
    indexedTraits: new Set(indexedTraits),
    hasUnindexed: false,
    settled: { event: 0, stream: 0 },
    waits: {},
    recentHashes: new RecentHashes(),
    lookAhead: new LookAhead(),
  }
}
