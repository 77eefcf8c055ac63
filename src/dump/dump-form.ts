import { InvalidError } from '../domain/errors.ts'
import type { StoredEvent } from '../domain/event.ts'
import { STREAM_STATES, type StreamState } from '../domain/stream.ts'
import { formatIso, type Micros } from '../domain/time.ts'
import {
  parseTime,
  parseTypedDistinguishingTrait,
  parseTypedEvent,
  typedEvent,
  typedTrait,
} from '../formats/typed-form.ts'
import type { DumpedStream } from '../store/copy/dump.ts'

// Form of events and streams in a dump: the typed form with ids. A stream names its events by message_id.
// Fields that StackTach.v3 does not have (generation, attempts, last_error, progress) may be absent.

type Fields = { readonly [name: string]: unknown }

export function dumpedEvent(event: StoredEvent): object {
  return { id: event.id, ...typedEvent(event) }
}

export function dumpedStream(stream: DumpedStream): object {
  const time = (micros: Micros | null) => (micros === null ? null : formatIso(micros, 'six'))
  return {
    id: stream.id,
    name: stream.name,
    state: stream.state,
    first_event: time(stream.firstEvent),
    last_event: time(stream.lastEvent),
    fire_timestamp: time(stream.fireTimestamp),
    expire_timestamp: time(stream.expireTimestamp),
    distinguishing_traits: Object.fromEntries(
      Object.entries(stream.distinguishingTraits).map(([name, trait]) => [name, typedTrait(trait)]),
    ),
    events: stream.messageIds,
    generation: stream.generation,
    attempts: stream.attempts,
    last_error: stream.lastError,
    progress: stream.progress,
    ...(stream.isQuiet && { is_quiet: true }),
  }
}

/** Parses an item of a dump. Throws InvalidError with the field and the expected value. */
export function parseDumpedEvent(item: unknown): StoredEvent {
  const event = parseTypedEvent(item)
  if (event.messageId === '') throw new InvalidError('message_id: expected a text')
  if (Number.isNaN(event.timestamp)) throw new InvalidError('timestamp: expected an ISO 8601 time')
  return { id: parseId((item as Fields).id), ...event }
}

/** Parses an item of a dump. Throws InvalidError with the field and the expected value. */
export function parseDumpedStream(item: unknown): DumpedStream {
  const fields = requireObject('a stream', item)
  const messageIds = [...new Set(requireTexts('events', fields.events))]
  const traits = requireObject('distinguishing_traits', fields.distinguishing_traits ?? {})
  return {
    id: parseId(fields.id),
    name: requireText('name', fields.name),
    state: parseState(fields.state),
    stateSerialNo: 0,
    eventCount: messageIds.length,
    generation: parseCount('generation', fields.generation),
    firstEvent: parseTime('first_event', fields.first_event),
    lastEvent: parseTime('last_event', fields.last_event),
    fireTimestamp: parseOptionalTime('fire_timestamp', fields.fire_timestamp),
    expireTimestamp: parseOptionalTime('expire_timestamp', fields.expire_timestamp),
    distinguishingTraits: Object.fromEntries(
      Object.entries(traits).map(([name, trait]) => [name, parseTypedDistinguishingTrait(name, trait)]),
    ),
    progress: parseProgress(fields.progress),
    attempts: parseCount('attempts', fields.attempts),
    lastError:
      fields.last_error === undefined || fields.last_error === null ? null : String(fields.last_error),
    messageIds,
    isQuiet: fields.is_quiet === true,
  }
}

function parseId(id: unknown): number {
  if (Number.isSafeInteger(id) && (id as number) > 0) return id as number
  throw new InvalidError(`id: expected a whole number above 0, got ${JSON.stringify(id) ?? 'nothing'}`)
}

function parseCount(name: string, value: unknown = 0): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number
  throw new InvalidError(`${name}: expected a whole number`)
}

function parseState(state: unknown): StreamState {
  const found = STREAM_STATES.find((known) => known === state)
  if (found) return found
  throw new InvalidError(
    `state: expected one of ${STREAM_STATES.join(', ')}, got ${JSON.stringify(state) ?? 'nothing'}`,
  )
}

function parseOptionalTime(name: string, value: unknown): Micros | null {
  return value === undefined || value === null ? null : parseTime(name, value)
}

/** Parses the progress of a stream. Missing counts are recounted when the stream takes its next event. */
function parseProgress(value: unknown): DumpedStream['progress'] {
  const counts = requireObject('progress', value ?? {})
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, parseCount(name, count)]))
}

function requireObject(name: string, value: unknown): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
  throw new InvalidError(`${name}: expected an object`)
}

function requireText(name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value
  throw new InvalidError(`${name}: expected a text`)
}

function requireTexts(name: string, value: unknown): string[] {
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value
  throw new InvalidError(`${name}: expected a list of message_ids`)
}
