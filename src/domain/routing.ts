import type { Envelope, Event } from './event.ts'
import type { Stream } from './stream.ts'
import type { Micros } from './time.ts'
import type { DistinguishingTraits } from './trait.ts'

/** Identifies a stream: the trigger's name, the traits that distinguish the stream, and the hash of both. */
export type StreamKey = {
  readonly name: string
  readonly traits: DistinguishingTraits
  /** 128 bits, as 32 hex digits */
  readonly hash: string
}

/** The key of a stream that an event joins, and the progress that the event makes there. */
export type MatchedKey = StreamKey & {
  /** fingerprints of the trigger's fire criteria that the event meets */
  readonly met: readonly string[]
}

/** An event encoded for storing, made by a store ahead of the transaction. Only that store can read it. */
export type EncodedEvent = { readonly kind: 'encoded-event' }

/**
 * An event on its way into its streams, at the event time `at`. Either the target store has encoded the
 * traits already, or it encodes them when the batch is stored.
 */
export type Arrival = {
  readonly at: Micros
  /** keys of the streams to join, in the order of the triggers */
  readonly keys: readonly MatchedKey[]
} & (
  | { readonly event: Event; readonly encoded?: undefined }
  | { readonly event: Envelope; readonly encoded: EncodedEvent }
)

/** A new or changed stream, and the events that joined it, as indexes into the arrivals. */
export type StreamDraft = Omit<Stream, 'id' | 'stateSerialNo' | 'attempts' | 'lastError'> & {
  /** undefined for a new stream */
  readonly id: number | undefined
  readonly key: StreamKey
  readonly joined: readonly number[]
}

/** A draft that is saved, and the id of its stream. */
export type SavedDraft = { readonly draft: StreamDraft; readonly id: number }

/**
 * Decides which streams events join. A store calls the router inside its transaction; the router depends on
 * nothing but its arguments.
 */
export interface Router {
  /**
   * Whether the stream's progress was counted under other fire criteria. The store then has to read the
   * stream's past events again and pass them to `route`.
   */
  isStale(stream: Stream): boolean
  /**
   * Returns the drafts in the order in which their streams were opened. `open` maps each key hash to the
   * stream that takes events now. `pasts` maps the ids of stale streams to their events. `guests` are open streams of
   * others, by key hash: an event of the past joins one only where the stream would have had it, had it come in time.
   */
  route(
    arrivals: readonly Arrival[],
    open: ReadonlyMap<string, Stream>,
    pasts: ReadonlyMap<number, readonly Event[]>,
    generation: number,
    guests?: ReadonlyMap<string, Stream>,
  ): StreamDraft[]
  /**
   * Called with the drafts and the ids of their streams when they are saved, within the transaction: a
   * transaction that is rolled back and run again calls it twice.
   */
  saved?(drafts: readonly SavedDraft[], arrivals: readonly Arrival[]): void
}
