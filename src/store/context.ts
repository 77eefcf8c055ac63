import type { OpenDatabase } from './dialect.ts'
import { EventTypes } from './event-types.ts'
import { DuplicateLookup } from './intake/duplicate-lookup.ts'
import { LateTimes } from './intake/late-times.ts'
import { RecentHashes } from './intake/recent-hashes.ts'

/**
 * The wait for writers that is under way, and the next one, which all callers that arrive meanwhile share.
 */
export type WriterWaits = { current?: Promise<void>; next?: Promise<void> }

/** The database and the state that all query groups of one store share. */
export type StoreContext = OpenDatabase & {
  readonly eventTypes: EventTypes
  /** names of the traits that go into the inverted index */
  readonly indexedTraits: ReadonlySet<string>
  /** whether this store belongs to a replay, whose streams other workers leave alone */
  readonly isReplay: boolean
  /** whether streams that fail in it send nothing when they are run again */
  readonly isQuiet: boolean
  /** whether other writers index traits that this one does not */
  readonly hasUnindexed: boolean
  /** highest id of each table below which, as far as is known, no more ids become visible */
  readonly visibleUpTo: { event: number; stream: number }
  readonly waits: WriterWaits
  /** hashes of the events stored last, which look-ups made before that did not find */
  readonly recentHashes: RecentHashes
  readonly duplicateLookup: DuplicateLookup
  readonly lateTimes: LateTimes
}

export function createContext(
  { db, dialect }: OpenDatabase,
  indexedTraits: Iterable<string> = [],
  { isReplay = false, isQuiet = false }: { readonly isReplay?: boolean; readonly isQuiet?: boolean } = {},
): StoreContext {
  return {
    db,
    dialect,
    eventTypes: new EventTypes(db, dialect),
    indexedTraits: new Set(indexedTraits),
    isReplay,
    isQuiet,
    hasUnindexed: false,
    visibleUpTo: { event: 0, stream: 0 },
    waits: {},
    recentHashes: new RecentHashes(),
    duplicateLookup: new DuplicateLookup(),
    lateTimes: new LateTimes(),
  }
}
