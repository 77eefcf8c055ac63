import type { OpenDatabase } from './dialect.ts'
import { EventTypes } from './event-types.ts'

/** What every query group needs to know. */
export type StoreContext = OpenDatabase & {
  readonly eventTypes: EventTypes
  /** names of the traits that go into the inverted index */
  readonly indexedTraits: ReadonlySet<string>
  /** the highest ids below which no more become visible, as far as is known */
  readonly settled: { event: number; stream: number }
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
    settled: { event: 0, stream: 0 },
  }
}
