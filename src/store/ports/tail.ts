import type { StreamState } from '../../domain/stream.ts'
import type { Micros } from '../../domain/time.ts'
import type { DistinguishingTraits } from '../../domain/trait.ts'

/** Ids below and at which, in each list, no more rows become visible. */
export type Tops = {
  readonly event: number
  readonly stream: number
  readonly change: number
  readonly letter: number
}

/** A stream that has come to a new state. */
export type StreamChangeRecord = {
  readonly id: number
  readonly stream: number
  readonly name: string
  readonly state: StreamState
  /** machine time of the change */
  readonly at: Micros
  readonly traits: DistinguishingTraits
  readonly error: string | null
}

/**
 * What follows events, streams and dead letters as they come.
 *
 * @example
 * const { change } = await tail.readTops()
 * const changes = await tail.listChanges({ after: position, upTo: change }, 200)
 */
export interface Tail {
  /** Reads the highest ids, and waits for the storing transactions that might still add lower ones. */
  readTops(): Promise<Tops>
  /** Lists changes of streams with ids in a range, upwards. */
  listChanges(
    range: { readonly after: number; readonly upTo: number },
    limit: number,
  ): Promise<StreamChangeRecord[]>
  /** Returns the lowest id of a change that is still kept; undefined when there is none. */
  oldestChange(): Promise<number | undefined>
}
