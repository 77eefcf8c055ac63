import { type RawBuilder, type Selectable, sql } from 'kysely'
import type { StoredEvent } from '../domain/event.ts'
import { STREAM_STATES, type Stream, type StreamState } from '../domain/stream.ts'
import type { Micros } from '../domain/time.ts'
import type { Traits } from '../domain/trait.ts'
import type { EventTable, StreamTable } from './schema/schema.ts'
import { decodeDistinguishingTraits, decodeTraits } from './trait-codec.ts'

export function stateNumber(state: StreamState): number {
  return STREAM_STATES.indexOf(state) + 1
}

function stateOfNumber(number: number): StreamState {
  return STREAM_STATES[number - 1] as StreamState
}

export type StreamRow = Omit<Selectable<StreamTable>, 'key_hash' | 'claimed_by' | 'lease_until'>

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
  }
}

export type EventRow = Pick<
  Selectable<EventTable>,
  'id' | 'message_id' | 'generated' | 'traits' | 'event_type_id'
>

const TRAITS = Symbol('traits, or their JSON as long as nobody has looked at them')

/** Traits are decoded when they are first looked at: of most events of a stream no handler reads any. */
class EventOfRow implements StoredEvent {
  /** V8 keeps a hidden class for each getter, and with it the event, until a full garbage collection: one for all. */
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
  declare readonly traits: Traits
  declare [TRAITS]: Traits | string

  constructor(row: EventRow, types: ReadonlyMap<number, string>) {
    this.id = row.id
    this.messageId = row.message_id
    this.eventType = types.get(row.event_type_id) ?? ''
    this.timestamp = row.generated
    Object.defineProperty(this, 'traits', EventOfRow.#getTraits)
    Object.defineProperty(this, TRAITS, { value: row.traits, writable: true })
  }
}

export function eventOfRow(row: EventRow, types: ReadonlyMap<number, string>): StoredEvent {
  return new EventOfRow(row, types)
}

export function hexBytes(hex: string): Buffer {
  return Buffer.from(hex, 'hex')
}

/** `column in (…)` over hashes of ours, as SQL that both kinds of database read; there must be one at least. */
export function hashIn(column: string, hashes: Iterable<string>): RawBuilder<boolean> {
  return sql<boolean>`${sql.ref(column)} in (${sql.raw([...hashes].map((hash) => `x'${hash}'`).join(','))})`
}

/** `column in (…)` over ids of rows; a query builder would make an object of each. There must be one at least. */
export function idIn(column: string, ids: readonly number[]): RawBuilder<boolean> {
  return sql<boolean>`${sql.ref(column)} in (${sql.raw(ids.join(','))})`
}

/** SQLite hands out Uint8Array, mysql2 Buffer. */
export function bytesHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}
