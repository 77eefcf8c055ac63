import type { Generated, Kysely } from 'kysely'

// Hashes are bytes: BINARY in MySQL, BLOB in SQLite. Times are microseconds since the epoch.

export type EventTypeTable = { id: Generated<number>; desc: string; desc_hash: Buffer }

export type EventTable = {
  id: Generated<number>
  message_hash: Buffer
  message_id: string
  generated: number
  event_type_id: number
  traits: string
}

export type EventTraitTable = { bucket: number; hash: Buffer; event_id: number }

export type IndexedTraitTable = { name: string; from_id: number }

export type EventSpanTable = { bucket: number; min_generated: number; max_generated: number }

export type StreamTable = {
  id: Generated<number>
  name: string
  key_hash: Buffer
  state: number
  state_serial_no: number
  event_count: number
  generation: number
  first_event: number
  last_event: number
  expire_timestamp: number | null
  fire_timestamp: number | null
  distinguishing_traits: string
  progress: string
  attempts: number
  last_error: string | null
  claimed_by: string | null
  lease_until: number | null
  /** 1 where a run that is repeated sends nothing: the stream failed in a replay that sent nothing */
  is_quiet: Generated<number | null>
}

export type OpenStreamTable = { key_hash: Buffer; stream_id: number }

export type StreamEventTable = { stream_id: number; event_id: number }

export type StreamTraitTable = { bucket: number; hash: Buffer; stream_id: number }

export type DeadLetterTable = {
  id: Generated<number>
  hash: Buffer
  at: number
  stage: string
  reason: string
  queue: string | null
  body: Buffer
}

export type WriterTable = {
  id: Generated<number>
  name: string
  started_at: number
  /** positions of a consumer in its queues, as JSON: see QueueReports */
  queues: Generated<string | null>
  /** counts the reports of a writer */
  report_no: Generated<number | null>
  /** when they were reported, by the database's clock */
  heard_at: Generated<number | null>
}

/** A bulk action of an operator. */
export type ActionTable = {
  id: Generated<number>
  target: string
  verb: string
  /** JSON of the parameters of its filter */
  filter: string
  /** name of the token that asked for it */
  token: string | null
  state: string
  created_at: number
  ended_at: number | null
  total: number
  runner: string | null
  /** when its runner was heard last, by the database's clock; 0 where it has none */
  heard_at: number
  error: string | null
}

export type ActionResultTable = {
  action_id: number
  item_id: number
  /** see OUTCOME_NUMBERS */
  outcome: number
  reason: string | null
}

/** What consumers and workers count, by kind, name and detail. */
export type TallyTable = {
  hash: Buffer
  kind: string
  name: string
  detail: string
  amount: number
  total: number
  first_at: number
  last_at: number
}

/** What the page shows of a deployment over time: a ring of samples by their step in seconds. */
export type SampleTable = { ring: number; slot: number; at: number; figures: string }

/** A process that was heard of. */
export type ContactTable = { name: string; role: string; started_at: number; heard_at: number }

/** What has changed with streams, for those who follow it. */
export type StreamChangeTable = {
  id: Generated<number>
  stream_id: number
  name: string
  state: number
  at: number
  traits: string
  error: string | null
}

/** One row, of the replay that runs or is unfinished; all but the id is null while there is none. */
export type ReplayTable = {
  id: number
  name: string | null
  owner: string | null
  started_at: number | null
  given: string | null
  files: string | null
}

export type Tables = {
  event_type: EventTypeTable
  event: EventTable
  event_trait: EventTraitTable
  indexed_trait: IndexedTraitTable
  event_span: EventSpanTable
  stream: StreamTable
  open_stream: OpenStreamTable
  stream_event: StreamEventTable
  stream_trait: StreamTraitTable
  dead_letter: DeadLetterTable
  writer: WriterTable
  action: ActionTable
  action_result: ActionResultTable
  tally: TallyTable
  sample: SampleTable
  contact: ContactTable
  stream_change: StreamChangeTable
  replay: ReplayTable
}

/** A transaction, or the database outside of one. */
export type Executor = Kysely<Tables>

/**
 * Ids per bucket of the inverted indexes; a query walks the buckets from the newest. The rows of the current
 * bucket are inserted in random order and have to stay in the server's memory: they take 2 MB of its default
 * 128 MB. With four times as many ids the server wrote twice as many pages, among them those of the index of
 * message ids, which no longer stayed in memory.
 */
export const BUCKET_SIZE = 8192

export function firstIdOf(bucket: number): number {
  return bucket * BUCKET_SIZE
}

export function bucketOf(id: number): number {
  return Math.floor(id / BUCKET_SIZE)
}

/** Name of the writer that fills an empty database; while its row exists no other process stores. */
export const IMPORT_MARKER = 'db import'
