import { type RawBuilder, type Selectable, sql } from 'kysely'
import type { StoredEvent } from '../domain/event.ts'
import { STREAM_STATES, type Stream, type StreamState } from '../domain/stream.ts'
import type { Micros } from '../domain/time.ts'
import type { Traits } from '../domain/trait.ts'
import type { EventTable, StreamTable } from './schema/schema.ts'
import { decodeDistinguishingTraits, decodeFarEvent, decodeTraits } from './trait-codec.ts'

/**
 * What is added to the numbers of states from which workers take streams, while the streams belong to a replay: the workers
 * of the deployment leave them alone.
 */
const REPLAY_OFFSET = 10
/** States that a stream leaves only when somebody resets it. */
const FINAL: ReadonlySet<StreamState> = new Set(['error', 'expire_error', 'completed'])

/** Returns the number of a state in the database: 1 to 8, or for streams of a replay 11 to 18. */
export function stateNumber(
  state: StreamState,
  { isReplay = false }: { readonly isReplay?: boolean } = {},
): number {
  return STREAM_STATES.indexOf(state) + 1 + (isReplay && !FINAL.has(state) ? REPLAY_OFFSET : 0)
}

/** Returns all numbers of a state, whomever the streams belong to. */
export function stateNumbers(state: StreamState): number[] {
  return [...new Set([stateNumber(state), stateNumber(state, { isReplay: true })])]
}

/** Returns the state of a number, whomever the stream belongs to. */
export function stateOfNumber(number: number): StreamState {
  return STREAM_STATES[(number - 1) % REPLAY_OFFSET] as StreamState
}

export type StreamRow = Omit<Selectable<StreamTable>, 'key_hash' | 'claimed_by' | 'lease_until' | 'is_quiet'>

export function streamOfRow(row: StreamRow): Stream {
  return {
    id: row.id,
    name: row.name,
    state: stateOfNumber(row.state),
    stateSerialNo: row.state_serial_no,
    eventCount: row.event_count,
    generation: row.generation,
    firstEvent: row.first_event,
    lastEvent: row.last_event,
    fireTimestamp: row.fire_timestamp,
    expireTimestamp: row.expire_timestamp,
    distinguishingTraits: decodeDistinguishingTraits(row.distinguishing_traits),
    progress: JSON.parse(row.progress),
    attempts: row.attempts,
    lastError: row.last_error,
    ...(row.state > REPLAY_OFFSET && { isOfReplay: true }),
  }
}

export type EventRow = Pick<
  Selectable<EventTable>,
  'id' | 'message_id' | 'generated' | 'traits' | 'event_type_id'
>

const TRAITS = Symbol('traits, or their JSON as long as nobody has looked at them')

/** An event whose traits are decoded on first access: handlers read the traits of few events of a stream. */
class EventOfRow implements StoredEvent {
  /**
   * One getter for all events: for a getter of its own V8 keeps a hidden class, and with it the event, until
   * a full garbage collection.
   */
  static readonly #getTraits: PropertyDescriptor & ThisType<EventOfRow> = {
    enumerable: true,
    configurable: true,
    get() {
      const held = this[TRAITS]
      if (typeof held !== 'string') return held
      const traits = decodeTraits(held)
      this[TRAITS] = traits
      return traits
    },
  }
  readonly id: number
  readonly messageId: string
  readonly eventType: string
  readonly timestamp: Micros
  declare readonly timestampRest?: number
  declare readonly traits: Traits
  declare [TRAITS]: Traits | string

  constructor(row: EventRow, types: ReadonlyMap<number, string>) {
    this.id = row.id
    this.messageId = row.message_id
    this.eventType = types.get(row.event_type_id) ?? ''
    this.timestamp = row.generated
    Object.defineProperty(this, 'traits', EventOfRow.#getTraits)
    Object.defineProperty(this, TRAITS, { value: row.traits, writable: true })
    if (Number.isSafeInteger(row.generated)) return
    const { traits, timestampRest } = decodeFarEvent(row.traits)
    this[TRAITS] = traits
    if (timestampRest !== 0) this.timestampRest = timestampRest
  }
}

/** Returns the event of a row that decodes its traits when they are asked for. */
export function eventOfRow(row: EventRow, types: ReadonlyMap<number, string>): StoredEvent {
  return new EventOfRow(row, types)
}

/** Returns the event of a row with its traits decoded: in half the time, where all of them are wanted. */
export function decodedEvent(
  { id, message_id: messageId, event_type_id, generated: timestamp }: Omit<EventRow, 'traits'>,
  json: string,
  types: ReadonlyMap<number, string>,
): StoredEvent {
  const eventType = types.get(event_type_id) ?? ''
  if (Number.isSafeInteger(timestamp))
    return { id, messageId, eventType, timestamp, traits: decodeTraits(json) }
  const { traits, timestampRest } = decodeFarEvent(json)
  return { id, messageId, eventType, timestamp, traits, ...(timestampRest !== 0 && { timestampRest }) }
}

export function hexBytes(hex: string): Buffer {
  return Buffer.from(hex, 'hex')
}

/** Returns `column in (…)` over hex hashes of this program, as SQL of both databases; needs at least one. */
export function hashIn(column: string, hashes: Iterable<string>): RawBuilder<boolean> {
  return sql<boolean>`${sql.ref(column)} in (${sql.raw([...hashes].map((hash) => `x'${hash}'`).join(','))})`
}

/**
 * Returns `column in (…)` over row ids as SQL text, since a query builder would make an object of each id.
 * Needs at least one id.
 */
export function idIn(column: string, ids: readonly number[]): RawBuilder<boolean> {
  return sql<boolean>`${sql.ref(column)} in (${sql.raw(ids.join(','))})`
}

/** Returns bytes as hex digits; SQLite returns Uint8Array, mysql2 Buffer. */
export function bytesHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}
