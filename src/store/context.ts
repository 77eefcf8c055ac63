import type { Kysely } from 'kysely'
import type { OpenDatabase } from './dialect.ts'
import type { EventTypes } from './event-types.ts'
import type { Tables } from './schema.ts'

/** A transaction, or the database outside of one. */
export type Executor = Kysely<Tables>

/** What every query group needs to know. */
export type StoreContext = OpenDatabase & {
  readonly eventTypes: EventTypes
  /** names of the traits that go into the inverted index */
  readonly indexedTraits: ReadonlySet<string>
}
