import type { StoredEvent } from '../../domain/event.ts'
import type { Stream, StreamState } from '../../domain/stream.ts'
import type { TextPattern } from '../../domain/text-pattern.ts'
import type { Micros } from '../../domain/time.ts'
import type { TraitCondition } from '../../domain/trait-condition.ts'

/** Limits of the memory that a result takes while it is read. */
export type ReadLimits = {
  /** most bytes of traits in a page, which ends early where it would have more; it has one row at least */
  readonly maxBytes?: number | undefined
  /**
   * Called with the bytes of traits that will be held, before more is read; reading waits for the promise.
   */
  readonly admit?: ((bytes: number) => Promise<void>) | undefined
}

/** One page of a list: ids below the mark in descending order, or above it in ascending order. */
export type Page = ReadLimits & {
  readonly limit: number
  readonly mark: number | undefined
  readonly ascending: boolean
  /** whether rows of unfinished transactions may be missing: only where no page follows this one (false) */
  readonly mayMissNewest?: boolean | undefined
}

/** A condition on a whole number. */
export type Comparison = {
  readonly operator: '<' | '<=' | '=' | '>=' | '>'
  readonly value: number
}

export type StreamFilter = {
  readonly name?: string | TextPattern | undefined
  readonly state?: StreamState | undefined
  /** only streams in any other state */
  readonly notState?: StreamState | undefined
  readonly ids?: readonly number[] | undefined
  /** only streams whose last error holds this text, or matches this pattern with `*` and `?`, in any case */
  readonly lastError?: string | undefined
  /** only streams whose runs were begun so often */
  readonly attempts?: Comparison | undefined
  /** only streams whose first event is before this time */
  readonly olderThan?: Micros | undefined
  /** only streams whose last event is after this time */
  readonly youngerThan?: Micros | undefined
  /** conditions on distinguishing traits, all of which must hold */
  readonly traits?: readonly TraitCondition[] | undefined
}

/** What a worker has noted in the row of a stream. */
export type StreamClaim = {
  /** name of the worker that runs the stream; null while none does */
  readonly claimedBy: string | null
  /** µs by the database's clock until the lease ends or the next try begins; negative when that is past */
  readonly leaseLeft: number | null
  /** whether its runs send nothing: it failed in a replay that sent nothing */
  readonly isQuiet: boolean
}

export type EventFilter = {
  readonly eventType?: string | TextPattern | undefined
  /** only events after this time */
  readonly from?: Micros | undefined
  /** only events until this time, itself included */
  readonly to?: Micros | undefined
  /** conditions on traits, all of which must hold */
  readonly traits?: readonly TraitCondition[] | undefined
  /** ids of events that a list by traits leaves out */
  readonly without?: ReadonlySet<number> | undefined
}

/**
 * Reading of events and streams, for the API and all other look-ups.
 *
 * Reads that take several queries reject with an AbortError when `signal` aborts.
 *
 * @example
 * const page = { limit: 50, mark: undefined, ascending: false }
 * const newest = await queries.listEvents({ eventType: 'compute.instance.exists' }, page)
 *
 */
export interface Queries {
  listEvents(filter: EventFilter, page: Page, signal?: AbortSignal): Promise<StoredEvent[]>
  countEvents(filter: EventFilter, page: Page, signal?: AbortSignal): Promise<number>
  /** Finds an event by its message_id, byte for byte. */
  findEvent(messageId: string, limits?: ReadLimits): Promise<StoredEvent | undefined>
  /** Returns those of message ids whose events are stored, byte for byte. */
  storedAmong(messageIds: readonly string[]): Promise<Set<string>>
  listStreams(filter: StreamFilter, page: Page, signal?: AbortSignal): Promise<Stream[]>
  countStreams(filter: StreamFilter, page: Page, signal?: AbortSignal): Promise<number>
  findStream(id: number, limits?: ReadLimits): Promise<Stream | undefined>
  /** Finds who runs a stream, or when it is tried again. */
  findClaim(id: number): Promise<StreamClaim | undefined>
  /** Reads the events of streams by stream id, each list in order of (timestamp, id). */
  eventsOfStreams(ids: readonly number[], signal?: AbortSignal): Promise<Map<number, StoredEvent[]>>
  /** Reads the events of one stream in the same order, in portions, each when the caller asks for it. */
  eventsOfStream(id: number, limits: ReadLimits, signal?: AbortSignal): AsyncGenerator<StoredEvent[]>
}
