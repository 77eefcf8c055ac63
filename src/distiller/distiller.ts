import { InvalidError } from '../domain/errors.ts'
import type { Event } from '../domain/event.ts'
import type { JsonValue, Notification } from '../domain/notification.ts'
import { type Micros, parseIso, parseMoment } from '../domain/time.ts'
import { compileExtraction, type Extraction } from './compile-extraction.ts'
import { textOf } from './convert.ts'
import { catchAllDefinition, type EventDefinition } from './definition.ts'

/** Largest number of event types whose definition is cached. */
const MAX_CACHED_TYPES = 10_000

/**
 * The result of distilling: an event; `dropped` when no definition matches the notification; or `failed` with
 * the reason why no event can be made of it.
 */
export type Distilled =
  | { readonly kind: 'event'; readonly event: Event }
  | { readonly kind: 'dropped' }
  | { readonly kind: 'failed'; readonly reason: string }

/** When a notification was received. */
export type ReceivedAt = Micros | (() => Micros)

/** Makes events out of notifications. */
export type Distiller = {
  /** Returns the last definition that matches an event type; undefined when none does. */
  definitionOf(eventType: string): EventDefinition | undefined
  /**
   * Distils a notification. `receivedAt` is the event's time where the notification has none; as a function it is called
   * only then.
   */
  distil(notification: Notification, receivedAt: ReceivedAt): Distilled
}

export type DistillerOptions = {
  /** whether notifications that no definition matches become events with the default traits */
  readonly catchAll: boolean
}

/**
 * Creates a distiller. Of several definitions that match an event type, the last one counts.
 *
 * @example
 * const distiller = createDistiller(definitions, { catchAll: false })
 * const distilled = distiller.distil(notification, receivedAt)
 * if (distilled.kind === 'event') console.log(distilled.event.traits)
 */
export function createDistiller(
  definitions: readonly EventDefinition[],
  options: DistillerOptions,
): Distiller {
  const all = options.catchAll ? [catchAllDefinition(), ...definitions] : definitions
  const byType = new Map<string, Chosen | undefined>()

  const extractions = new Map<EventDefinition, Extraction>()

  function extractionOf(definition: EventDefinition): Extraction {
    const compiled = extractions.get(definition) ?? compileExtraction(definition.traits)
    extractions.set(definition, compiled)
    return compiled
  }

  function choose(eventType: string): Chosen | undefined {
    if (byType.has(eventType)) return byType.get(eventType)
    const definition = all.findLast(({ accepts }) => accepts(eventType))
    const chosen = definition && { definition, extract: extractionOf(definition) }
    if (byType.size >= MAX_CACHED_TYPES) byType.clear()
    byType.set(eventType, chosen)
    return chosen
  }

  return {
    definitionOf: (eventType) => choose(eventType)?.definition,

    distil(notification, receivedAt) {
      const chosen = choose(notification.event_type)
      if (!chosen) return { kind: 'dropped' }
      try {
        return { kind: 'event', event: makeEvent(notification, chosen.extract, receivedAt) }
      } catch (error) {
        if (error instanceof InvalidError) return { kind: 'failed', reason: error.message }
        throw error
      }
    },
  }
}

/** The definition of an event type, with its traits compiled. */
type Chosen = { readonly definition: EventDefinition; readonly extract: Extraction }

function makeEvent(notification: Notification, extract: Extraction, receivedAt: ReceivedAt): Event {
  const traits = extract(notification)
  const given = () => (typeof receivedAt === 'function' ? receivedAt() : receivedAt)
  const event = {
    messageId: notification.message_id,
    eventType: notification.event_type,
    timestamp: ownTime(notification) ?? given(),
    traits,
  }
  return Number.isSafeInteger(event.timestamp) ? event : withRest(event, notification)
}

/** Adds the microseconds that the timestamp of a far year lacks. */
function withRest(event: Event, notification: Notification): Event {
  const name = ownTimeName(notification)
  const rest = name === undefined ? undefined : parseMoment(String(notification[name]))?.rest
  return rest === undefined ? event : { ...event, timestampRest: rest }
}

/**
 * Returns the notification's `timestamp`, else its `_context_timestamp`; undefined where it has neither.
 * Throws InvalidError when the value is not an ISO 8601 time.
 */
function ownTime(notification: Notification): Micros | undefined {
  const name = ownTimeName(notification)
  if (name === undefined) return undefined
  const value = notification[name] as JsonValue
  const time = typeof value === 'string' ? parseIso(value) : undefined
  if (time === undefined)
    throw new InvalidError(`${name}: ${JSON.stringify(textOf(value))} is not an ISO 8601 time`)
  return time
}

/** Returns the name of the field that holds the notification's time; undefined where there is none. */
function ownTimeName(notification: Notification): string | undefined {
  if (!isNothing(notification.timestamp)) return 'timestamp'
  return isNothing(notification._context_timestamp) ? undefined : '_context_timestamp'
}

/** Returns the same as ownTime, and undefined where the value is not a time. */
export function readableTime(notification: Notification): Micros | undefined {
  try {
    return ownTime(notification)
  } catch {
    return undefined
  }
}

function isNothing(value: JsonValue | undefined): value is undefined | null | '' | 0 | false {
  return value === undefined || value === null || value === '' || value === 0 || value === false
}
