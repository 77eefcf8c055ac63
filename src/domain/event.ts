import type { Micros } from './time.ts'
import type { Traits } from './trait.ts'

/** A small flat typed event: what the distiller made of a notification, or what a pipeline produced. */
export type Event = {
  readonly messageId: string
  readonly eventType: string
  readonly timestamp: Micros
  readonly traits: Traits
}

/** An event as a store holds it. */
export type StoredEvent = Event & { readonly id: number }

/** What every event has beside its traits. */
export const ENVELOPE_NAMES: readonly string[] = ['message_id', 'event_type', 'timestamp']
