import type { Micros, Moment } from './time.ts'
import type { Traits } from './trait.ts'

/** The parts that every event has besides its traits. */
export type Envelope = {
  readonly messageId: string
  readonly eventType: string
  readonly timestamp: Micros
  /** the microseconds that the double of `timestamp` lacks in far years; see Moment */
  readonly timestampRest?: number | undefined
}

/** Returns the time of an event, exact in all years. */
export function momentOf({
  timestamp,
  timestampRest,
}: Pick<Envelope, 'timestamp' | 'timestampRest'>): Moment {
  return timestampRest ? { value: timestamp, rest: timestampRest } : { value: timestamp }
}

/**
 * A small, flat, typed event: made by the distiller from a notification, or produced by a pipeline.
 *
 * @example
 * const event: Event = {
 *   messageId: 'a1', eventType: 'compute.instance.update', timestamp: 1_424_974_994_000_000,
 *   traits: { memory_mb: { type: 'int', value: 512 } },
 * }
 */
export type Event = Envelope & { readonly traits: Traits }

/** An event that a store holds, with its id there. */
export type StoredEvent = Event & { readonly id: number }

/** Names of the envelope's parts in notifications, queries and API responses. */
export const ENVELOPE_NAMES: readonly string[] = ['message_id', 'event_type', 'timestamp']

/** Maximum length of a message_id or an event type, in UTF-16 code units. */
export const LONGEST_NAME = 255
