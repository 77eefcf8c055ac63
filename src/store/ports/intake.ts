import type { Event } from '../../domain/event.ts'
import type { Arrival, EncodedEvent, Router } from '../../domain/routing.ts'
import type { NewDeadLetter } from './dead-letter-box.ts'
import type { NumberedReports } from './watermarks.ts'

/** The events and dead letters that one transaction stores: all of them or none. */
export type Batch = {
  readonly arrivals: readonly Arrival[]
  readonly deadLetters: readonly NewDeadLetter[]
  /**
   * id of a dead letter that the batch makes up for: it is deleted in the same transaction. Where it is gone already,
   * storing rejects with NotFoundError.
   */
  readonly settles?: number | undefined
  /**
   * Returns the positions of the consumer in its queues once the batch is stored; called when they are about to be
   * written. Undefined: they are as they were reported before.
   */
  readonly reports?: (() => NumberedReports) | undefined
}

/** How many events of a batch were new, and how many repeated a message_id that is stored already. */
export type BatchOutcome = {
  readonly stored: number
  readonly duplicates: number
  /** ids of the dead letters, in their order; one that was kept before has its id of then; see insertDeadLetters */
  readonly deadLetterIds: readonly (number | undefined)[]
}

/**
 * Storing of events, for consumers.
 *
 * @example
 * const arrivals = events.map((event) => ({ event, at: now, keys: router.keysOf(event) }))
 * const { stored, duplicates } = await intake.storeBatch({ arrivals, deadLetters: [] }, router)
 */
export interface Intake {
  /** Encodes an event for this store, ahead of its turn, while the database works on others. */
  encode(event: Event): EncodedEvent
  /**
   * Reads what storing these events will need into the caches of this store and of the database. A warm-up
   * only: storing is right without it, and its failure may be ignored.
   */
  warmUp(arrivals: readonly Arrival[]): Promise<void>
  /** Stores new events, lets each join its streams, and skips repeats of a message_id, in one transaction. */
  storeBatch(batch: Batch, router: Router): Promise<BatchOutcome>
}
