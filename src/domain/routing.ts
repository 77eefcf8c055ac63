import type { Event } from './event.ts'
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

/** What a store can make of an event before its turn to be stored comes. */
export type EncodedEvent = {
  /** 128 bits of the message_id as 32 hex digits */
  readonly messageHash: string
  readonly traits: string
  /** of the traits by which events are looked up */
  readonly traitHashes: readonly Buffer[]
}

/** An event on its way into its streams, at the event time `at`. */
export type Arrival = {
  readonly event: Event
  /** made by the store that it goes to; where it is missing the store makes it */
  readonly encoded?: EncodedEvent
  readonly at: Micros
  /** in the order of the triggers */
  readonly keys: readonly StreamKey[]
}

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
