import { InvalidError } from '../domain/errors.ts'
import type { Event } from '../domain/event.ts'
import { parseMoment } from '../domain/time.ts'
import { intTrait, type Trait } from '../domain/trait.ts'
import { stringifyJson } from '../text/json.ts'
import { parseEnvelope, parseTypedEvent } from './typed-form.ts'

type Fields = { readonly [name: string]: unknown }

/**
 * Returns the events in a JSON value, in any form in which programs here print them: the typed form, the REST
 * form of the API, klugman and `stv3 distill`, or an object with a list `events` of either, such as a stream
 * with its events or a file of `stv3 db export`. Throws InvalidError that names what is missing or wrong.
 *
 * @example
 * parseEvents({ event_type: 'a', message_id: '1', timestamp: '2026-01-01T00:00:00', memory_mb: 512 })
 */
export function parseEvents(value: unknown): Event[] {
  const { event_type, events, db } = (value ?? {}) as Fields
  if (event_type === undefined && Array.isArray(events)) return events.map(parseEvent)
  if (event_type === undefined && events === undefined && isObject(db)) return parseEvents(db)
  return [parseEvent(value)]
}

function parseEvent(value: unknown): Event {
  return isObject(value) && !isTyped(value) ? parseRestEvent(value) : parseTypedEvent(value)
}

/** Whether an event has its traits in the typed form, or none at all. */
function isTyped({ traits, timestamp, ...others }: Fields): boolean {
  if (isObject(timestamp)) return false
  return isObject(traits) ? !('__type__' in traits) : Object.keys(others).every(isOfEnvelope)
}

function isOfEnvelope(name: string): boolean {
  return name === 'event_type' || name === 'message_id' || name === 'id'
}

/**
 * Parses an event in the REST form. A whole number of 64 bits becomes an int, another one a float: the form
 * does not tell 3.0 from 3. Leaves out nulls and the mark of a list. Throws InvalidError.
 */
function parseRestEvent({ event_type, message_id, timestamp, _mark, ...traits }: Fields): Event {
  const time = isObject(timestamp) ? (timestamp.datetime ?? timestamp) : timestamp
  return {
    ...parseEnvelope(event_type, message_id, time),
    traits: Object.fromEntries(
      Object.entries(traits).flatMap(([name, value]) =>
        value === null ? [] : [[name, parseRestTrait(name, value)]],
      ),
    ),
  }
}

function parseRestTrait(name: string, value: unknown): Trait {
  const trait = restTraitOf(value)
  if (trait) return trait
  const expected = 'expected a text, a number or {"__type__": "datetime", "datetime": …}'
  throw new InvalidError(`trait ${name}: ${stringifyJson(value)} is not a trait; ${expected}`)
}

function restTraitOf(value: unknown): Trait | undefined {
  if (typeof value === 'string') return { type: 'text', value }
  if (typeof value === 'boolean') return { type: 'int', value: Number(value) }
  if (typeof value === 'bigint') return intTrait(value)
  if (typeof value === 'number') {
    const int = Number.isInteger(value) ? intTrait(value) : undefined
    return int ?? { type: 'float', value }
  }
  if (!isObject(value) || value.__type__ !== 'datetime') return undefined
  const time = typeof value.datetime === 'string' ? parseMoment(value.datetime) : undefined
  return time && { type: 'datetime', ...time }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
