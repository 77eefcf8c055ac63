import type { ArchiveRecord } from '../archive/archive.ts'
import type { Delivery } from '../broker/broker.ts'
import type { Arrival } from '../domain/routing.ts'
import type { NewDeadLetter } from '../store/ports/dead-letter-box.ts'
import type { AppMessage } from './apps/app.ts'

/** A decoded message, ready to be archived, given to the apps of its queue and stored. */
export type Prepared = {
  readonly delivery: Delivery
  /** undefined: the message is not archived */
  readonly record: ArchiveRecord | undefined
  readonly outcome: Outcome
  /** the message for further apps of the queue; dropped once they have handled it */
  readonly message?: AppMessage | undefined
  /** dead letters of further apps */
  readonly appLetters?: readonly NewDeadLetter[] | undefined
}

/** The result of preparing a message. */
export type Outcome =
  /** an event on its way into its streams */
  | { readonly kind: 'event'; readonly arrival: Arrival }
  /** a message that cannot be read or distilled, and is kept as a dead letter */
  | { readonly kind: 'refused'; readonly deadLetter: NewDeadLetter }
  /** a message that no event definition matches */
  | { readonly kind: 'undefined'; readonly eventType: string }
  /** a message that the filters of its queue exclude from the streams */
  | { readonly kind: 'filtered' }
  /** a message that was stored before it went back to the queue, and is only to be acknowledged */
  | { readonly kind: 'repeat' }

export function arrivalOf({ outcome }: Prepared): Arrival | undefined {
  return outcome.kind === 'event' ? outcome.arrival : undefined
}

/** Returns the dead letters of a message: that of preparing it, then those of apps. */
export function deadLettersOf({ outcome, appLetters = [] }: Prepared): readonly NewDeadLetter[] {
  return outcome.kind === 'refused' ? [outcome.deadLetter, ...appLetters] : appLetters
}
