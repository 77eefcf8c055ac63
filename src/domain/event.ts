import type { Micros } from './time.ts'
import type { Traits } from './trait.ts'

/** What every event has beside its traits. */
export type Envelope = {
  readonly messageId: string
  readonly eventType: string
  readonly timestamp: Micros
}

/** A small flat typed event: what the distiller made of a notification, or what a pipeline produced. */
export type Event = Envelope & { readonly traits: Traits }

/** An event as a store holds it. */
export type StoredEvent = Event & { readonly id: number }

/** The names of an envelope's parts in notifications, queries and answers. */
export const ENVELOPE_NAMES: readonly string[] = ['message_id', 'event_type', 'timestamp']

/** Characters of a message_id or an event type, at most. */
export const LONGEST_NAME = 255
