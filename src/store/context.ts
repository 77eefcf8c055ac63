import type { OpenDatabase } from './dialect.ts'
import { EventTypes } from './event-types.ts'
import { DuplicateLookup } from './intake/duplicate-lookup.ts'
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
  /** the highest ids below which no more ids become visible, as far as is known */
  readonly visibleUpTo: { event: number; stream: number }
  readonly waits: WriterWaits
  /** of events that were stored after others were looked up ahead of being stored */
  readonly recentHashes: RecentHashes
  readonly duplicateLookup: DuplicateLookup
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
    visibleUpTo: { event: 0, stream: 0 },
    waits: {},
    recentHashes: new RecentHashes(),
    duplicateLookup: new DuplicateLookup(),
  }
}
