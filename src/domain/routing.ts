import type { Envelope, Event } from './event.ts'
import type { Stream } from './stream.ts'
import type { Micros } from './time.ts'
import type { DistinguishingTraits } from './trait.ts'

/** A stream that an event belongs to: the trigger's name, the traits that distinguish it, and the hash of both. */
export type StreamKey = {
  readonly name: string
  readonly traits: DistinguishingTraits
  /** 128 bits as 32 hex digits */
  readonly hash: string
}

/** The key of a stream that an event joins, and what it counts there. */
export type MatchedKey = StreamKey & {
  /** fingerprints of those of the trigger's fire criteria that the event meets */
  readonly met: readonly string[]
}

/** What a store makes of an event before its turn to be stored comes; only that store can read it. */
export type EncodedEvent = { readonly kind: 'encoded-event' }

/**
 * An event on its way into its streams, at the event time `at`. Its traits are encoded by the store that it goes
 * to; where they are not yet, the store does it when their turn comes.
 */
export type Arrival = {
  readonly at: Micros
  /** in the order of the triggers */
  readonly keys: readonly MatchedKey[]
} & (
  | { readonly event: Event; readonly encoded?: undefined }
  | { readonly event: Envelope; readonly encoded: EncodedEvent }
)

/** A stream that is new or has changed, and the events that joined it, as indexes into the arrivals. */
export type StreamDraft = Omit<Stream, 'id' | 'stateSerialNo' | 'attempts' | 'lastError'> & {
  /** undefined for a new one */
  readonly id: number | undefined
  readonly key: StreamKey
  readonly joined: readonly number[]
}

/** What decides, inside a storing transaction and without looking at anything else, which streams events join. */
export interface Router {
  /** Whether the stream's progress was counted under other criteria, so that its past must be read again. */
  isStale(stream: Stream): boolean
  /**
   * The drafts in the order in which their streams were opened. `open` holds the stream of each key hash that
   * takes events now; `pasts` the events of the stale ones, by stream id.
   */
  route(
    arrivals: readonly Arrival[],
    open: ReadonlyMap<string, Stream>,
    pasts: ReadonlyMap<number, readonly Event[]>,
    generation: number,
  ): StreamDraft[]
}
