import { sql } from 'kysely'
import { ConflictError } from '../../domain/errors.ts'
import type { StoredEvent } from '../../domain/event.ts'
import type { Stream, StreamState } from '../../domain/stream.ts'
import { createContext, type StoreContext } from '../context.ts'
import type { OpenDatabase } from '../dialect.ts'
import { decodeEvents, EVENT_COLUMNS } from '../queries/select-events.ts'
import { stateNumber, streamOfRow } from '../rows.ts'
import { readReplay } from '../runs/sql-replays.ts'
import { requireCurrentSchema } from '../schema/migrate.ts'
import type { Executor } from '../schema/schema.ts'

const EVENTS_AT_A_TIME = 1000
const STREAMS_AT_A_TIME = 200

/** A stream with the message_ids of its events, in order of (timestamp, id). */
export type DumpedStream = Stream & {
  readonly messageIds: readonly string[]
  /** whether its runs send nothing: it failed in a replay that sent nothing */
  readonly isQuiet: boolean
}

/** The content of a database at one moment, in the order of ids, to be read in the order of the members. */
export type Dump = {
  readonly counts: DumpCounts
  eventTypes(): Promise<string[]>
  events(): AsyncGenerator<StoredEvent[]>
  streams(): AsyncGenerator<DumpedStream[]>
}

export type DumpCounts = { readonly events: number; readonly streams: number }

/** What streams are made of, in numbers: how many there are by state, and pairs of a stream and an event of it. */
export type StreamCounts = {
  readonly states: { readonly [state in StreamState]?: number }
  readonly memberships: number
}

/** Calls `work` with a dump of the database as it is now, whatever others store in the meantime. */
export async function readDump<T>(database: OpenDatabase, work: (dump: Dump) => Promise<T>): Promise<T> {
  await requireCurrentSchema(database.db)
  return database.db.connection().execute(async (db) => {
    for (const statement of database.dialect.beginSnapshot) await sql.raw(statement).execute(db)
    try {
      await requireNoReplay(db)
      return await work(await dumpOf(createContext({ ...database, db })))
    } finally {
      await sql.raw('rollback').execute(db)
    }
  })
}

/** A dump has no place for the streams that belong to a replay: workers would take them for theirs. */
async function requireNoReplay(db: Executor): Promise<void> {
  const replay = await readReplay(db)
  const row = await db
    .selectFrom('stream')
    .select('id')
    .where('state', '>', stateNumber('active', { isReplay: true }) - 1)
    .limit(1)
    .executeTakeFirst()
  if (!replay && !row) return
  throw new ConflictError(
    'a replay of this database has not ended, and its streams cannot be exported; wait for it or go on with it (stv3 status names the command), or hand its streams to the workers (stv3 replay --release-unfinished)',
  )
}

async function dumpOf(context: StoreContext): Promise<Dump> {
  const { db } = context
  return {
    counts: { events: await countOf(db, 'event'), streams: await countOf(db, 'stream') },
    async eventTypes() {
      const rows = await db.selectFrom('event_type').select('desc').orderBy('id').execute()
      return rows.map(({ desc }) => desc)
    },
    events: () => portions((after) => eventsAfter(context, after)),
    streams: () => portions((after) => streamsAfter(db, after)),
  }
}

async function* portions<T extends { readonly id: number }>(
  read: (after: number) => Promise<T[]>,
): AsyncGenerator<T[]> {
  for (let after = 0; ; ) {
    const rows = await read(after)
    const last = rows.at(-1)
    if (!last) return
    yield rows
    after = last.id
  }
}

async function eventsAfter(context: StoreContext, after: number): Promise<StoredEvent[]> {
  const rows = await context.db
    .selectFrom('event')
    .select(EVENT_COLUMNS)
    .where('event.id', '>', after)
    .orderBy('event.id')
    .limit(EVENTS_AT_A_TIME)
    .execute()
  return decodeEvents(context, rows)
}

async function streamsAfter(db: Executor, after: number): Promise<DumpedStream[]> {
  const rows = await db
    .selectFrom('stream')
    .selectAll()
    .where('id', '>', after)
    .orderBy('id')
    .limit(STREAMS_AT_A_TIME)
    .execute()
  if (rows.length === 0) return []
  const members = await db
    .selectFrom('stream_event')
    .innerJoin('event', 'event.id', 'stream_event.event_id')
    .select(['stream_event.stream_id', 'event.id', 'event.generated', 'event.message_id'])
    .where(
      'stream_event.stream_id',
      'in',
      rows.map(({ id }) => id),
    )
    .execute()
  members.sort((a, b) => a.generated - b.generated || a.id - b.id)
  const byStream = Map.groupBy(members, ({ stream_id }) => stream_id)
  return rows.map((row) => ({
    ...streamOfRow(row),
    isQuiet: row.is_quiet === 1,
    messageIds: (byStream.get(row.id) ?? []).map(({ message_id }) => message_id),
  }))
}

/** Returns the number of rows of a table. */
export async function countOf(db: Executor, table: 'event' | 'stream' | 'stream_event'): Promise<number> {
  const row = await db
    .selectFrom(table)
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(row.count)
}
