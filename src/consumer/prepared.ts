import type { ArchiveLine } from '../archive/archive.ts'
import type { Delivery } from '../broker/broker.ts'
import type { Arrival } from '../domain/routing.ts'
import type { NewDeadLetter } from '../store/ports/dead-letter-box.ts'
import type { AppMessage } from './apps/app.ts'

/** A message that is read and ready to be archived, given to the apps of its queue, and stored. */
export type Prepared = {
  readonly delivery: Delivery
  /** undefined: it is not archived */
  readonly line: ArchiveLine | undefined
  readonly outcome: Outcome
  /** the message for further apps of the queue, until they have had it */
  readonly message?: AppMessage | undefined
  /** dead letters of further apps */
  readonly appLetters?: readonly NewDeadLetter[] | undefined
}

/** What a message has come to. */
export type Outcome =
  /** an event on its way into its streams */
  | { readonly kind: 'event'; readonly arrival: Arrival }
  /** it cannot be read or distilled, and is kept as a dead letter */
  | { readonly kind: 'refused'; readonly deadLetter: NewDeadLetter }
  /** no event definition matches it */
  | { readonly kind: 'undefined' }
  /** the filters of its queue keep it from the streams */
  | { readonly kind: 'filtered' }
  /** it was stored before it went back to the queue, and is only to be acknowledged */
  | { readonly kind: 'repeat' }

export function arrivalOf({ outcome }: Prepared): Arrival | undefined {
  return outcome.kind === 'event' ? outcome.arrival : undefined
}

/** Returns the dead letters of a message: its own, then those of apps. */
export function deadLettersOf({ outcome, appLetters = [] }: Prepared): readonly NewDeadLetter[] {
  return outcome.kind === 'refused' ? [outcome.deadLetter, ...appLetters] : appLetters
}
