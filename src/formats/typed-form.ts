import { InvalidError } from '../domain/errors.ts'
import { type Event, momentOf } from '../domain/event.ts'
import { formatIso, formatMoment, type Micros, type Moment, parseMoment } from '../domain/time.ts'
import { type DistinguishingTrait, intTrait, type Trait } from '../domain/trait.ts'
import { stringifyJson } from '../text/json.ts'

/** A value with its type: `{"type": "int", "value": 4}`. Times always have six digits of fraction. */
export type TypedTrait =
  | { readonly type: string; readonly value: string | number | bigint | boolean | null }
  | { readonly type: 'timerange'; readonly begin: string; readonly end: string }

/** An event in the typed form, which test vectors, `stv3 test`, `stv3 pipeline` and dumps use. */
export type TypedEvent = {
  readonly event_type: string
  readonly message_id: string
  /** absent in events that have none */
  readonly timestamp?: string
  readonly traits: { readonly [name: string]: TypedTrait }
}

/**
 * Encodes a trait in the typed form.
 *
 * @example
 * typedTrait({ type: 'int', value: 4 }) // { type: 'int', value: 4 }
 */
export function typedTrait(trait: DistinguishingTrait): TypedTrait {
  if (trait.type === 'timerange') {
    return { type: trait.type, begin: formatIso(trait.begin, 'six'), end: formatIso(trait.end, 'six') }
  }
  if (trait.type === 'datetime') return { type: trait.type, value: formatMoment(trait, 'six') }
  return trait
}

/** Encodes an event in the typed form; a timestamp of NaN is left out. */
export function typedEvent(event: Event): TypedEvent {
  return {
    event_type: event.eventType,
    message_id: event.messageId,
    ...(Number.isNaN(event.timestamp) ? {} : { timestamp: formatMoment(momentOf(event), 'six') }),
    traits: Object.fromEntries(
      Object.entries(event.traits).map(([name, trait]) => [name, typedTrait(trait)]),
    ),
  }
}

/**
 * Parses an event in the typed form. A missing timestamp becomes NaN and a missing message_id the empty text:
 * handlers may run on such events, a store does not accept them. Throws InvalidError that names what is
 * missing or wrong.
 */
export function parseTypedEvent(typed: unknown): Event {
  if (typeof typed !== 'object' || typed === null || Array.isArray(typed)) {
    throw new InvalidError('expected an object with event_type, message_id, timestamp and traits')
  }
  const { event_type, message_id, timestamp, traits } = typed as { readonly [name: string]: unknown }
  const given = traits ?? {}
  const envelope = parseEnvelope(event_type, message_id, timestamp)
  if (typeof given !== 'object' || Array.isArray(given)) throw new InvalidError('traits: expected an object')
  return {
    ...envelope,
    traits: Object.fromEntries(
      Object.entries(given).map(([name, trait]) => [name, parseTypedTrait(name, trait)]),
    ),
  }
}

/**
 * Parses what every event has beside its traits. A missing timestamp becomes NaN, a missing message_id the empty
 * text. Throws InvalidError that names what is missing or wrong.
 */
export function parseEnvelope(
  eventType: unknown,
  messageId: unknown,
  timestamp: unknown,
): Omit<Event, 'traits'> {
  const isTimed = timestamp !== undefined && timestamp !== null
  const { value, rest }: Moment = isTimed ? parseExactTime('timestamp', timestamp) : { value: Number.NaN }
  return {
    eventType: requireText('event_type', eventType),
    messageId: messageId === undefined ? '' : requireText('message_id', messageId),
    timestamp: value,
    ...(rest === undefined ? {} : { timestampRest: rest }),
  }
}

/** Returns a text that is not empty. Throws InvalidError that begins with `name`. */
function requireText(name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value
  throw new InvalidError(`${name}: ${stringifyJson(value) ?? 'nothing'} is not a text`)
}

/** Parses a trait in the typed form; a boolean becomes an int. Throws InvalidError that names the trait. */
export function parseTypedTrait(name: string, typed: unknown): Trait {
  const { type, value } = (typed ?? {}) as { type?: unknown; value?: unknown }
  const trait = traitOf(type, value)
  if (trait) return trait
  throw new InvalidError(`trait ${name}: ${stringifyJson(typed)} is not a trait; expected type and value`)
}

/**
 * Parses a distinguishing trait in the typed form: a trait or a timerange. Throws InvalidError that names the
 * trait.
 */
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
      // The JSON parser returns whole numbers beyond 2^53 as bigint.
      return typeof value === 'number' || typeof value === 'bigint'
        ? { type, value: Number(value) }
        : undefined
    case 'datetime': {
      const time = typeof value === 'string' ? parseMoment(value) : undefined
      return time && { type, ...time }
    }
    default:
      return undefined
  }
}

/** Parses an ISO 8601 time of the typed form. Throws InvalidError that begins with `name`. */
export function parseTime(name: string, value: unknown): Micros {
  return parseExactTime(name, value).value
}

function parseExactTime(name: string, value: unknown): Moment {
  const time = typeof value === 'string' ? parseMoment(value) : undefined
  if (time === undefined) throw new InvalidError(`${name}: ${stringifyJson(value)} is not an ISO 8601 time`)
  return time
}
