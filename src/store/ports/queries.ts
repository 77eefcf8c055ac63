import type { StoredEvent } from '../../domain/event.ts'
import type { Stream, StreamState } from '../../domain/stream.ts'
import type { Micros } from '../../domain/time.ts'
import type { TraitCondition } from '../../domain/trait-condition.ts'

/** How much of an answer is held in memory while it is read. */
export type ReadLimits = {
  /** a page ends early where the traits of its rows come to more bytes; it holds one row at least */
  readonly maxBytes?: number | undefined
  /** Called with the bytes of traits that are held from now on, before more is read; reading waits for it. */
  readonly admit?: ((bytes: number) => Promise<void>) | undefined
}

/** One page of a list: ids below the mark in descending order, or above it in ascending order. */
export type Page = ReadLimits & {
  readonly limit: number
  readonly mark: number | undefined
  readonly ascending: boolean
  /** rows of transactions under way may be missing, where nobody goes on from the end of this page (false) */
  readonly mayMissNewest?: boolean | undefined
}

export type StreamFilter = {
  readonly name?: string | undefined
  readonly state?: StreamState | undefined
  /** only streams whose first event is before this time */
  readonly olderThan?: Micros | undefined
  /** only streams whose last event is after this time */
  readonly youngerThan?: Micros | undefined
  /** conditions on distinguishing traits, all of which must hold */
  readonly traits?: readonly TraitCondition[] | undefined
}

export type EventFilter = {
  readonly eventType?: string | undefined
  /** only events after this time */
  readonly from?: Micros | undefined
  /** only events until this time, itself included */
  readonly to?: Micros | undefined
  /** conditions all of which must hold */
  readonly traits?: readonly TraitCondition[] | undefined
  /** ids of events that a list by traits leaves out */
  readonly without?: ReadonlySet<number> | undefined
}

/**
 * Reading of events and streams, for the API and for whoever looks something up.
 *
 * Reads that take several queries reject with an AbortError when `signal` aborts.
 *
 * @example
 * const page = { limit: 50, mark: undefined, ascending: false }
 * const newest = await queries.listEvents({ eventType: 'compute.instance.exists' }, page)
 */
export interface Queries {
  listEvents(filter: EventFilter, page: Page, signal?: AbortSignal): Promise<StoredEvent[]>
  countEvents(filter: EventFilter, page: Page, signal?: AbortSignal): Promise<number>
  /** Finds an event by its message_id, byte for byte. */
  findEvent(messageId: string, limits?: ReadLimits): Promise<StoredEvent | undefined>
  listStreams(filter: StreamFilter, page: Page, signal?: AbortSignal): Promise<Stream[]>
  countStreams(filter: StreamFilter, page: Page, signal?: AbortSignal): Promise<number>
  findStream(id: number, limits?: ReadLimits): Promise<Stream | undefined>
  /** Reads the events of streams by stream id, each list in order of (timestamp, id). */
  eventsOfStreams(ids: readonly number[], signal?: AbortSignal): Promise<Map<number, StoredEvent[]>>
  /** Reads the events of one stream in the same order, in portions, each when it is asked for. */
  eventsOfStream(id: number, limits: ReadLimits, signal?: AbortSignal): AsyncGenerator<StoredEvent[]>
}
