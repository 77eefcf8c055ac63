import { sql } from 'kysely'
import { InvalidError, messageOf, StackTachError } from '../../../domain/errors.ts'
import type { StoredEvent } from '../../../domain/event.ts'
import type { DistinguishingTraits, Traits } from '../../../domain/trait.ts'
import { openMysqlDatabase } from '../../mysql/mysql-database.ts'
import type { Executor } from '../../schema/schema.ts'
import type { DumpCounts, DumpedStream, StreamCounts } from '../dump.ts'
import { WINCHESTER_TABLES } from './winchester-tables.ts'
import { microsOf, stateOf, traitOf, type WinchesterTrait } from './winchester-values.ts'

const EVENTS_AT_A_TIME = 1000
const STREAMS_AT_A_TIME = 200

/** What a database of StackTach.v3 holds that cannot be stored: events without an id, a time or a type. */
export type LeftOut = { readonly events: number; readonly traits: number }

/** The content of a database of StackTach.v3 at one moment, in the order of ids. It is only read. */
export type Winchester = {
  readonly counts: DumpCounts
  streamCounts(): Promise<StreamCounts>
  eventTypes(): Promise<string[]>
  /** Yields the events with ids above `after`, in portions. */
  events(after: number): AsyncGenerator<StoredEvent[]>
  /** Yields the streams in portions. */
  streams(): AsyncGenerator<DumpedStream[]>
  eventsById(ids: readonly number[]): Promise<StoredEvent[]>
  streamsById(ids: readonly number[]): Promise<DumpedStream[]>
  /** Returns what is left out: rows that StackTach.v3 itself could not have shown. */
  leftOut(): Promise<LeftOut>
  close(): Promise<void>
}

/**
 * Opens a database of StackTach.v3 at its present moment, whatever others store in it meanwhile. Rejects with
 * StackTachError where it cannot be reached or is none.
 *
 * @example
 * const source = await openWinchester('mysql://winchester:secret@db1/winchester')
 */
export async function openWinchester(url: string, folder?: string): Promise<Winchester> {
  const { db, dialect } = await openMysqlDatabase({ url, folder, connections: 1 })
  try {
    await requireWinchester(db)
    for (const statement of dialect.beginSnapshot) await sql.raw(statement).execute(db)
    return await sourceOf(db)
  } catch (error) {
    await db.destroy()
    throw error
  }
}

async function requireWinchester(db: Executor): Promise<void> {
  const names = new Set((await db.introspection.getTables()).map(({ name }) => name))
  const missing = WINCHESTER_TABLES.filter((name) => !names.has(name))
  if (missing.length === 0) return
  const what = names.has('stream_event')
    ? 'it is one of this project, which `stv3 db export` reads'
    : `it has no table ${missing.join(', ')}`
  throw new StackTachError('config', `--from: the database is not one of StackTach.v3: ${what}`)
}

async function sourceOf(db: Executor): Promise<Winchester> {
  const counts = { events: await countOf(db, SOUND_EVENTS), streams: await countOf(db, sql`stream`) }
  const memberships = sql`streamevent m join event e on e.id = m.event_id
    join event_type t on t.id = e.event_type_id join stream s on s.id = m.stream_id where ${IS_SOUND}`
  return {
    counts,
    streamCounts: async () => ({ states: await statesOf(db), memberships: await countOf(db, memberships) }),
    async eventTypes() {
      const { rows } = await sql<{ desc: string }>`
        select \`desc\` from event_type where \`desc\` <> '' order by id`.execute(db)
      return rows.map(({ desc }) => desc)
    },
    events: (after) => portions(after, (id) => readEvents(db, sql`e.id > ${id}`, EVENTS_AT_A_TIME)),
    streams: () => portions(0, (id) => readStreams(db, sql`s.id > ${id}`, STREAMS_AT_A_TIME)),
    eventsById: (ids) => readEvents(db, sql`e.id in (${sql.join(ids)})`, ids.length),
    streamsById: (ids) => readStreams(db, sql`s.id in (${sql.join(ids)})`, ids.length),
    async leftOut() {
      const events = (await countOf(db, sql`event`)) - counts.events
      return { events, traits: await countOf(db, VOID_TRAITS) }
    },
    close: () => db.destroy(),
  }
}

/** SQL for whether an event `e` of type `t` has what every event has. */
const IS_SOUND = sql`e.message_id <> '' and e.generated is not null and t.\`desc\` <> ''`
const SOUND_EVENTS = sql`event e join event_type t on t.id = e.event_type_id where ${IS_SOUND}`
/** Traits with no value of the type that they name; those of type 0 have none on purpose. */
const VOID_TRAITS = sql`trait where not coalesce(type = 0 or (type = 1 and t_string is not null)
  or (type = 2 and t_int is not null) or (type = 3 and t_float is not null)
  or (type = 4 and t_datetime is not null), false)`

async function countOf(db: Executor, from: ReturnType<typeof sql>): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*) as count from ${from}`.execute(db)
  return Number(rows[0]?.count)
}

/** Counts the streams by state. */
async function statesOf(db: Executor): Promise<StreamCounts['states']> {
  const { rows } = await sql<{ state: number; count: number }>`
    select state, count(*) as count from stream group by state order by state`.execute(db)
  return Object.fromEntries(rows.map(({ state, count }) => [stateOf(Number(state)), Number(count)]))
}

async function* portions<T extends { readonly id: number }>(
  first: number,
  read: (after: number) => Promise<T[]>,
): AsyncGenerator<T[]> {
  for (let after = first; ; ) {
    const rows = await read(after)
    const last = rows.at(-1)
    if (!last) return
    yield rows
    after = last.id
  }
}

type EventRow = {
  readonly id: number
  readonly message_id: string
  readonly generated: string
  readonly desc: string
}

async function readEvents(
  db: Executor,
  where: ReturnType<typeof sql>,
  limit: number,
): Promise<StoredEvent[]> {
  const { rows } = await sql<EventRow>`
    select e.id, e.message_id, e.generated, t.\`desc\` from event e straight_join event_type t on t.id = e.event_type_id
    where ${IS_SOUND} and ${where} order by e.id limit ${limit}`.execute(db)
  const traits = await traitsOf(
    db,
    rows.map(({ id }) => Number(id)),
  )
  return rows.map((row) =>
    named(`event ${row.id}`, () => ({
      id: Number(row.id),
      messageId: row.message_id,
      eventType: row.desc,
      timestamp: microsOf(row.generated),
      // An event of ours has no traits of type none; a store drops them.
      traits: typedTraits(traits.get(Number(row.id)) ?? []) as Traits,
    })),
  )
}

type OwnedTrait = WinchesterTrait & { readonly owner: number }

async function traitsOf(db: Executor, ids: readonly number[]): Promise<Map<number, OwnedTrait[]>> {
  if (ids.length === 0) return new Map()
  const { rows } = await sql<OwnedTrait>`
    select event_id as owner, name, type, t_string as text, t_float as \`float\`, t_int as \`int\`, t_datetime as at
    from trait where event_id in (${sql.raw(ids.join(','))}) order by event_id, name`.execute(db)
  return Map.groupBy(rows, ({ owner }) => Number(owner))
}

type StreamRow = {
  readonly id: number
  readonly name: string
  readonly state: number
  readonly first_event: string
  readonly last_event: string
  readonly expire_timestamp: string | null
  readonly fire_timestamp: string | null
}

async function readStreams(
  db: Executor,
  where: ReturnType<typeof sql>,
  limit: number,
): Promise<DumpedStream[]> {
  const { rows } = await sql<StreamRow>`
    select s.id, s.name, s.state, s.first_event, s.last_event, s.expire_timestamp, s.fire_timestamp from stream s
    where ${where} order by s.id limit ${limit}`.execute(db)
  const ids = rows.map(({ id }) => Number(id))
  const [traits, members] = [await distinguishingTraitsOf(db, ids), await membersOf(db, ids)]
  return rows.map((row) => named(`stream ${row.id}`, () => streamOf(row, traits, members)))
}

function streamOf(
  row: StreamRow,
  traits: ReadonlyMap<number, OwnedTrait[]>,
  members: ReadonlyMap<number, string[]>,
): DumpedStream {
  const id = Number(row.id)
  const time = (decimal: string | null) => (decimal === null ? null : microsOf(decimal))
  const messageIds = members.get(id) ?? []
  return {
    id,
    name: row.name,
    state: stateOf(Number(row.state)),
    stateSerialNo: 0,
    eventCount: messageIds.length,
    generation: 0,
    firstEvent: microsOf(row.first_event),
    lastEvent: microsOf(row.last_event),
    expireTimestamp: time(row.expire_timestamp),
    fireTimestamp: time(row.fire_timestamp),
    distinguishingTraits: typedTraits(traits.get(id) ?? []),
    // Counted when the stream takes its next event.
    progress: {},
    attempts: 0,
    lastError: null,
    isQuiet: false,
    messageIds,
  }
}

async function distinguishingTraitsOf(
  db: Executor,
  ids: readonly number[],
): Promise<Map<number, OwnedTrait[]>> {
  if (ids.length === 0) return new Map()
  const { rows } = await sql<OwnedTrait>`
    select stream_id as owner, name, type, dt_string as text, dt_float as \`float\`, dt_int as \`int\`, dt_datetime as at,
      dt_timerange_begin as begin, dt_timerange_end as end
    from dist_trait where stream_id in (${sql.raw(ids.join(','))}) order by stream_id, name`.execute(db)
  return Map.groupBy(rows, ({ owner }) => Number(owner))
}

/** Reads the message_ids of the events of streams, by stream id, each list in order of (time, id). */
async function membersOf(db: Executor, ids: readonly number[]): Promise<Map<number, string[]>> {
  if (ids.length === 0) return new Map()
  const { rows } = await sql<{ stream_id: number; message_id: string }>`
    select m.stream_id, e.message_id from streamevent m join event e on e.id = m.event_id
      join event_type t on t.id = e.event_type_id
    where m.stream_id in (${sql.raw(ids.join(','))}) and ${IS_SOUND}
    order by m.stream_id, e.generated, e.id`.execute(db)
  const members = Map.groupBy(rows, ({ stream_id }) => Number(stream_id))
  return new Map([...members].map(([id, some]) => [id, some.map(({ message_id }) => message_id)]))
}

function typedTraits(rows: readonly WinchesterTrait[]): DistinguishingTraits {
  const entries = rows.flatMap((row) => {
    const value = traitOf(row)
    return value ? [[row.name, value] as const] : []
  })
  return Object.fromEntries(entries)
}

/** Runs `work`, and names the row in its errors. */
function named<T>(row: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw new InvalidError(`${row} of the database of StackTach.v3: ${messageOf(error)}`, { cause: error })
  }
}
