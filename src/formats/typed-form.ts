import { InvalidError } from '../domain/errors.ts'
import type { Event } from '../domain/event.ts'
import { formatIso, type Micros, parseIso } from '../domain/time.ts'
import { type DistinguishingTrait, intTrait, type Trait } from '../domain/trait.ts'
import { stringifyJson } from '../text/json.ts'

/** A value with its type: `{"type": "int", "value": 4}`; times always with six digits of fraction. */
export type TypedTrait =
  | { readonly type: string; readonly value: string | number | bigint | boolean | null }
  | { readonly type: 'timerange'; readonly begin: string; readonly end: string }

export type TypedEvent = {
  readonly event_type: string
  readonly message_id: string
  /** absent in events that were given without one */
  readonly timestamp?: string
  readonly traits: { readonly [name: string]: TypedTrait }
}

export function typedTrait(trait: DistinguishingTrait): TypedTrait {
  if (trait.type === 'timerange') {
    return { type: trait.type, begin: formatIso(trait.begin, 'six'), end: formatIso(trait.end, 'six') }
  }
  if (trait.type === 'datetime') return { type: trait.type, value: formatIso(trait.value, 'six') }
  return trait
}

export function typedEvent(event: Event): TypedEvent {
  return {
    event_type: event.eventType,
    message_id: event.messageId,
    ...(Number.isNaN(event.timestamp) ? {} : { timestamp: formatIso(event.timestamp, 'six') }),
    traits: Object.fromEntries(
      Object.entries(event.traits).map(([name, trait]) => [name, typedTrait(trait)]),
    ),
  }
}

/**
 * Reads an event in the typed form. One without a timestamp has NaN in its place, one without a message_id the empty
 * text: handlers may be tried with it, a store does not take it. Throws InvalidError that says what is missing.
 */
export function parseTypedEvent(typed: unknown): Event {
  if (typeof typed !== 'object' || typed === null || Array.isArray(typed)) {
    throw new InvalidError('expected an object with event_type, message_id, timestamp and traits')
  }
  const { event_type, message_id, timestamp, traits } = typed as { readonly [name: string]: unknown }
  const given = traits ?? {}
  if (typeof given !== 'object' || Array.isArray(given)) throw new InvalidError('traits: expected an object')
  return {
    eventType: requireText('event_type', event_type),
    messageId: message_id === undefined ? '' : requireText('message_id', message_id),
    timestamp: timestamp === undefined || timestamp === null ? Number.NaN : parseTime('timestamp', timestamp),
    traits: Object.fromEntries(
      Object.entries(given).map(([name, trait]) => [name, parseTypedTrait(name, trait)]),
    ),
  }
}

function requireText(name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value
  throw new InvalidError(`${name}: ${stringifyJson(value) ?? 'nothing'} is no text`)
}

/** Reads a trait in the typed form; a boolean becomes an int. Throws InvalidError that names the trait. */
export function parseTypedTrait(name: string, typed: unknown): Trait {
  const { type, value } = (typed ?? {}) as { type?: unknown; value?: unknown }
  const trait = traitOf(type, value)
  if (trait) return trait
  throw new InvalidError(`trait ${name}: ${stringifyJson(typed)} is no trait; expected type and value`)
}

/** Reads a distinguishing trait in the typed form: a trait, or a timerange. Throws InvalidError that names it. */
export function parseTypedDistinguishingTrait(name: string, typed: unknown): DistinguishingTrait {
  const { type, begin, end } = (typed ?? {}) as { type?: unknown; begin?: unknown; end?: unknown }
  if (type !== 'timerange') return parseTypedTrait(name, typed)
  return { type, begin: parseTime(`trait ${name}`, begin), end: parseTime(`trait ${name}`, end) }
}

function traitOf(type: unknown, value: unknown): Trait | undefined {
  switch (type) {
    case 'none':
      return { type, value: null }
    case 'text':
      return typeof value === 'string' ? { type, value } : undefined
    case 'bool':
      return typeof value === 'boolean' ? { type: 'int', value: Number(value) } : undefined
    case 'int':
      return typeof value === 'bigint' || Number.isInteger(value)
        ? intTrait(value as number | bigint)
        : undefined
    case 'float':
      // A whole number beyond 2^53 may come as bigint.
      return typeof value === 'number' || typeof value === 'bigint'
        ? { type, value: Number(value) }
        : undefined
    case 'datetime': {
      const time = typeof value === 'string' ? parseIso(value) : undefined
      return time === undefined ? undefined : { type, value: time }
    }
    default:
      return undefined
  }
}

/** Reads a time of a typed form. Throws InvalidError. */
export function parseTime(name: string, value: unknown): Micros {
  const time = typeof value === 'string' ? parseIso(value) : undefined
  if (time === undefined) throw new InvalidError(`${name}: ${stringifyJson(value)} is not an ISO 8601 time`)
  return time
}
