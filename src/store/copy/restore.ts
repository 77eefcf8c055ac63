import { sql } from 'kysely'
import { ConflictError, InvalidError } from '../../domain/errors.ts'
import type { StoredEvent } from '../../domain/event.ts'
import { hash128 } from '../../domain/hash.ts'
import { createStreamKeyHash } from '../../domain/stream-key.ts'
import { createContext, type StoreContext } from '../context.ts'
import type { OpenDatabase, SqlDialect } from '../dialect.ts'
import { insertRows, upsertRows } from '../insert-rows.ts'
import { insertEventsWithIds } from '../intake/insert-events.ts'
import { streamRow, traitRows } from '../intake/route-events.ts'
import { idAtEnd } from '../queries/page.ts'
import { waitForWriters } from '../queries/visible-page.ts'
import { bytesHex, hashIn, stateOfNumber } from '../rows.ts'
import { requireCurrentSchema } from '../schema/migrate.ts'
import { bucketOf, type Executor, IMPORT_MARKER, type Tables } from '../schema/schema.ts'
import { inTransaction } from '../transaction.ts'
import { noteIndexedTraits, traitsToIndex } from '../upkeep/indexed-traits.ts'
import { countOf, type DumpCounts, type DumpedStream, type StreamCounts } from './dump.ts'

/** Fills an empty database with the content of another one, ids kept. */
export type Restore = {
  addEventTypes(types: readonly string[]): Promise<void>
  addEvents(events: readonly StoredEvent[]): Promise<void>
  /** Adds streams whose events were added before. Rejects with InvalidError for an event that is missing. */
  addStreams(streams: readonly DumpedStream[]): Promise<void>
  counts(): Promise<DumpCounts>
  streamCounts(): Promise<StreamCounts>
  /** Returns the highest id of an event that is stored; 0 where there is none. */
  lastEvent(): Promise<number>
  /** Deletes all streams that are stored, never events. */
  removeStreams(): Promise<void>
  /** Ends the restore once everything has been added; from then on other processes may store. */
  finish(): Promise<void>
  /** Deletes what has been added, after a failure; not for the mode `resume`, which may go on. */
  undo(): Promise<void>
}

/** What becomes of the content that a restore which broke off has left: `restart` deletes it, `resume` keeps it. */
export type RestoreMode = 'new' | 'restart' | 'resume'

/**
 * Begins to fill an empty database, whose schema must be current, or goes on where a restore broke off. Rejects with
 * ConflictError when the database is not empty, when another import is running, or, with the mode `new`, when one
 * broke off.
 */
export async function openRestore(
  database: OpenDatabase,
  indexedTraits: Iterable<string>,
  mode: RestoreMode = 'new',
): Promise<Restore> {
  await requireCurrentSchema(database.db)
  const context = createContext(database, await traitsToIndex(database.db, indexedTraits))
  const { db, dialect, eventTypes } = context
  const marker = await begin(context, mode)
  // The marker may be gone: then another restore has begun anew, and what it stores has the same ids.
  const transaction = (work: (tx: Executor) => Promise<void>) =>
    inTransaction(db, dialect, async (tx) => {
      await lockMarker(tx, dialect, marker)
      await work(tx)
    })
  await noteIndexedTraits(context)
  const added: { readonly event: number[]; readonly stream: number[] } = { event: [], stream: [] }
  return {
    addEventTypes: (types) => eventTypes.ensure(types),
    async addEvents(events) {
      await eventTypes.ensure(events.map(({ eventType }) => eventType))
      await transaction((tx) => insertEventsWithIds(tx, context, events))
      if (mode !== 'resume') for (const { id } of events) added.event.push(id)
    },
    async addStreams(streams) {
      await transaction((tx) => insertStreams(tx, context, streams))
      if (mode !== 'resume') for (const { id } of streams) added.stream.push(id)
    },
    counts: async () => ({ events: await countOf(db, 'event'), streams: await countOf(db, 'stream') }),
    streamCounts: () => streamCounts(db),
    lastEvent: async () => (await idAtEnd(db, 'event', 'desc')) ?? 0,
    async removeStreams() {
      for (let ids = await firstStreams(db); ids.length > 0; ids = await firstStreams(db)) {
        const some = ids
        await transaction((tx) => deleteRows(tx, 'stream', some))
      }
    },
    finish: () => transaction((tx) => removeMarker(tx, marker)),
    async undo() {
      for (const table of ['stream', 'event'] as const)
        for (let at = 0; at < added[table].length; at += DELETED_AT_A_TIME) {
          const ids = added[table].slice(at, at + DELETED_AT_A_TIME)
          await transaction((tx) => deleteRows(tx, table, ids))
        }
      await transaction((tx) => removeMarker(tx, marker))
    },
  }
}

const DELETED_AT_A_TIME = 1000
/** Each has a row for each of its events. */
const STREAMS_AT_A_TIME = 200

const FILLED = [
  'stream_event',
  'stream_trait',
  'open_stream',
  'stream',
  'event_trait',
  'event_span',
  'event',
] as const satisfies (keyof Tables)[]

/** Inserts the marker that keeps all other processes from storing, and returns its id. */
async function begin(context: StoreContext, mode: RestoreMode): Promise<number> {
  const { db, dialect } = context
  const left = await markers(db)
  if (left.length > 0 && mode === 'new')
    throw new ConflictError(
      'an import is running, or one was broken off; --restart deletes what it has stored',
    )
  const rows = [{ name: IMPORT_MARKER, started_at: Date.now() * 1000 }]
  const [mine] = (await insertRows(db, dialect, 'writer', rows)) as [number]
  try {
    // Transactions under way may not have seen the marker.
    await waitForWriters(context)
    const others = (await markers(db)).filter((id) => id !== mine && !left.includes(id))
    if (others.length > 0) throw new ConflictError('another import has just begun; try again')
    for (const id of left) await removeMarker(db, id)
    if (left.length > 0 && mode === 'resume') return mine
    // No other process has stored anything since the marker of that import was inserted.
    if (left.length > 0) for (const table of FILLED) await db.deleteFrom(table).execute()
    for (const table of ['event', 'stream'] as const) {
      const isEmpty = (await idAtEnd(db, table, 'asc')) === undefined
      if (!isEmpty) throw new ConflictError(`the database holds ${table}s already; expected an empty one`)
    }
    await db.deleteFrom('event_span').execute()
    return mine
  } catch (error) {
    await removeMarker(db, mine)
    throw error
  }
}

async function markers(db: Executor): Promise<number[]> {
  const rows = await db.selectFrom('writer').select('id').where('name', '=', IMPORT_MARKER).execute()
  return rows.map(({ id }) => id)
}

async function lockMarker(tx: Executor, dialect: SqlDialect, id: number): Promise<void> {
  const row = await tx
    .selectFrom('writer')
    .select('id')
    .where('id', '=', id)
    .modifyEnd(sql.raw(dialect.forUpdate))
    .executeTakeFirst()
  if (!row)
    throw new ConflictError(
      'another import was started; it has deleted what this one had stored, or goes on with it',
    )
}

async function removeMarker(db: Executor, id: number): Promise<void> {
  await db.deleteFrom('writer').where('id', '=', id).execute()
}

async function firstStreams(db: Executor): Promise<number[]> {
  const rows = await db.selectFrom('stream').select('id').orderBy('id').limit(STREAMS_AT_A_TIME).execute()
  return rows.map(({ id }) => id)
}

async function streamCounts(db: Executor): Promise<StreamCounts> {
  const rows = await db
    .selectFrom('stream')
    .select(['state', ({ fn }) => fn.countAll<number>().as('count')])
    .groupBy('state')
    .orderBy('state')
    .execute()
  return {
    states: Object.fromEntries(rows.map(({ state, count }) => [stateOfNumber(state), Number(count)])),
    memberships: await countOf(db, 'stream_event'),
  }
}

/** Deletes rows that this restore has inserted, and no others. */
async function deleteRows(tx: Executor, table: 'event' | 'stream', ids: readonly number[]): Promise<void> {
  const buckets = Map.groupBy(ids, bucketOf)
  if (table === 'stream') {
    await tx.deleteFrom('stream_event').where('stream_id', 'in', ids).execute()
    await tx.deleteFrom('open_stream').where('stream_id', 'in', ids).execute()
    for (const [bucket, part] of buckets)
      await tx
        .deleteFrom('stream_trait')
        .where('bucket', '=', bucket)
        .where('stream_id', 'in', part)
        .execute()
  } else {
    for (const [bucket, part] of buckets)
      await tx.deleteFrom('event_trait').where('bucket', '=', bucket).where('event_id', 'in', part).execute()
  }
  await tx.deleteFrom(table).where('id', 'in', ids).execute()
}

async function insertStreams(
  tx: Executor,
  context: StoreContext,
  streams: readonly DumpedStream[],
): Promise<void> {
  const { dialect } = context
  const ids = await eventIds(
    tx,
    streams.flatMap(({ messageIds }) => messageIds),
  )
  const drafts = streams.map((stream) => ({
    ...stream,
    eventCount: stream.messageIds.length,
    key: {
      name: stream.name,
      traits: stream.distinguishingTraits,
      hash: createStreamKeyHash(stream.name, stream.distinguishingTraits),
    },
    joined: [],
  }))
  await insertRows(
    tx,
    dialect,
    'stream',
    drafts.map((draft) => ({
      id: draft.id,
      ...streamRow(draft, { dialect, isReplay: false }),
      attempts: draft.attempts,
      last_error: draft.lastError,
      is_quiet: draft.isQuiet ? 1 : null,
      // No worker of this database runs the stream: the next one takes it over.
      lease_until: draft.state === 'firing' || draft.state === 'expiring' ? 0 : null,
    })),
  )
  await insertRows(
    tx,
    dialect,
    'stream_event',
    streams.flatMap(({ id, messageIds }) =>
      messageIds.map((messageId) => ({
        stream_id: id,
        event_id: eventIdOf(ids, messageId, id),
      })),
    ),
  )
  await insertRows(
    tx,
    dialect,
    'stream_trait',
    drafts.flatMap((draft) => traitRows({ draft, id: draft.id }, dialect)),
  )
  const open = new Map(
    drafts
      .filter(({ state }) => state === 'active')
      .sort((a, b) => a.id - b.id)
      .map(({ id, key }) => [key.hash, id]),
  )
  const pointers = [...open].map(([hash, id]) => ({ key_hash: dialect.bytes(hash), stream_id: id }))
  await upsertRows(tx, dialect, 'open_stream', pointers, ['key_hash'], ['stream_id'])
}

const HASHES_AT_A_TIME = 1000

/** Returns the ids of events by the hashes of their message_ids. */
async function eventIds(tx: Executor, messageIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const hashes = [...new Set(messageIds.map(hash128))]
  const ids = new Map<string, number>()
  for (let at = 0; at < hashes.length; at += HASHES_AT_A_TIME) {
    const rows = await tx
      .selectFrom('event')
      .select(['id', 'message_hash'])
      .where(hashIn('message_hash', hashes.slice(at, at + HASHES_AT_A_TIME)))
      .execute()
    for (const row of rows) ids.set(bytesHex(row.message_hash), row.id)
  }
  return ids
}

function eventIdOf(ids: ReadonlyMap<string, number>, messageId: string, stream: number): number {
  const id = ids.get(hash128(messageId))
  if (id === undefined) throw new InvalidError(`stream ${stream}: there is no event ${messageId}`)
  return id
}
