import { sql } from 'kysely'
import type { Event } from '../../domain/event.ts'
import { hash128 } from '../../domain/hash.ts'
import type { Router, SavedDraft, StreamDraft, StreamKey } from '../../domain/routing.ts'
import type { Stream } from '../../domain/stream.ts'
import type { StoreContext } from '../context.ts'
import type { SqlDialect } from '../dialect.ts'
import { insertRows, type Row, upsertRows } from '../insert-rows.ts'
import { eventsOfStreams } from '../queries/read-events.ts'
import { bytesHex, hashIn, hexBytes, idIn, stateNumber, streamOfRow } from '../rows.ts'
import { bucketOf, type Executor } from '../schema/schema.ts'
import { encodeDistinguishingTraits, traitHash } from '../trait-codec.ts'
import type { NewEvent } from './insert-events.ts'

/** A stream that is finished in the same transaction; its key and its row are locked in the common order. */
export type Finishing = { readonly id: number; readonly keyHash: string }

/** The locked streams by id, as their rows are under the lock; deleted ones are missing. */
export type LockedStreams = ReadonlyMap<number, Stream>

/**
 * Lets stored events join their streams and returns the locked streams. Locks open_stream in key order, then
 * stream in id order; the row of a stream is the lock between storing transactions and workers.
 */
export async function routeEvents(
  tx: Executor,
  context: StoreContext,
  events: readonly NewEvent[],
  router: Router,
  generation: number,
  finishing: readonly Finishing[] = [],
): Promise<LockedStreams> {
  const keyHashes = new Set(finishing.map(({ keyHash }) => keyHash))
  for (const { arrival } of events) for (const key of arrival.keys) keyHashes.add(key.hash)
  if (keyHashes.size === 0) return new Map()

  const pointers = await takeKeys(tx, context, [...keyHashes].sort())
  const besides = context.isReplay ? await keysBeside(tx, [...keyHashes]) : NONE
  const ids = new Set([...pointers.values(), ...besides.values(), ...finishing.map(({ id }) => id)])
  const { locked, replayed } = await lockStreams(tx, context, [...ids])
  const open = new Map<string, Stream>()
  /** open streams that workers of the deployment run, in a replay */
  const guests = new Map<string, Stream>()
  for (const [hash, id] of [...pointers, ...besides]) {
    const stream = locked.get(id)
    if (stream?.state !== 'active') continue
    const isGuest = context.isReplay && !replayed.has(id)
    if (isGuest) guests.set(hash, stream)
    else open.set(hash, stream)
  }

  const candidates = [...open.values(), ...guests.values()]
  const stale = candidates.filter((stream) => router.isStale(stream)).map(({ id }) => id)
  const pasts: ReadonlyMap<number, readonly Event[]> = await eventsOfStreams(tx, context.eventTypes, stale)
  const arrivals = events.map(({ arrival }) => arrival)
  const drafts = router.route(arrivals, open, pasts, generation, guests)
  const hashOf = ({ hash }: StreamKey) => (guests.has(hash) ? hashBeside(hash) : hash)
  const saved = await saveDrafts(tx, context, drafts, events, hashOf)
  router.saved?.(saved, arrivals)
  if (!context.isReplay && replayed.size > 0) {
    const joined = drafts.flatMap(({ id }) => (id !== undefined && replayed.has(id) ? [id] : []))
    if (joined.length > 0) await giveToWorkers(tx, joined)
    for (const { id, key } of drafts) {
      const before = pointers.get(key.hash) ?? 0
      if (id === undefined && replayed.has(before) && !joined.includes(before))
        await putBeside(tx, context, key.hash, before)
    }
  }
  return locked
}

const NONE: ReadonlyMap<string, number> = new Map()

/**
 * Returns the hash under which a replay finds its own open stream of a key, while one of the present has the key: the past
 * and the present go on side by side.
 */
function hashBeside(keyHash: string): string {
  return hash128(`replay ${keyHash}`)
}

/** Returns the ids of the streams that a replay has beside those of the present, by the hash of their key. */
async function keysBeside(tx: Executor, keyHashes: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const byBeside = new Map(keyHashes.map((hash) => [hashBeside(hash), hash]))
  const found = await tx
    .selectFrom('open_stream')
    .selectAll()
    .where(hashIn('key_hash', byBeside.keys()))
    .where('stream_id', '>', 0)
    .execute()
  return new Map(found.map((row) => [byBeside.get(bytesHex(row.key_hash)) as string, row.stream_id]))
}

/** Leaves an open stream to the replay that it belongs to, when one of the present takes its key. */
async function putBeside(
  tx: Executor,
  { dialect }: StoreContext,
  keyHash: string,
  id: number,
): Promise<void> {
  const hash = hashBeside(keyHash)
  await tx
    .updateTable('stream')
    .set({ key_hash: hexBytes(hash) })
    .where('id', '=', id)
    .execute()
  const pointer = { key_hash: dialect.bytes(hash), stream_id: id }
  await upsertRows(tx, dialect, 'open_stream', [pointer], ['key_hash'], ['stream_id'])
}

/** Gives streams of a replay that an event of the present has joined to the workers: their results are of now. */
async function giveToWorkers(tx: Executor, ids: readonly number[]): Promise<void> {
  await tx
    .updateTable('stream')
    .set({ state: stateNumber('active'), state_serial_no: sql<number>`state_serial_no + 1` })
    .where(idIn('id', ids))
    .where('state', '=', stateNumber('active', { isReplay: true }))
    .execute()
}

/**
 * Locks keys, inserting a row for each new one. Returns the ids of the streams they point to, by key hash.
 */
async function takeKeys(
  tx: Executor,
  { dialect }: StoreContext,
  keyHashes: readonly string[],
): Promise<Map<string, number>> {
  const rows = keyHashes.map((hash) => ({ key_hash: dialect.bytes(hash), stream_id: 0 }))
  await upsertRows(tx, dialect, 'open_stream', rows, ['key_hash'], [])
  const found = await tx
    .selectFrom('open_stream')
    .selectAll()
    .where(hashIn('key_hash', keyHashes))
    .where('stream_id', '>', 0)
    .execute()
  return new Map(found.map((row) => [bytesHex(row.key_hash), row.stream_id]))
}

async function lockStreams(
  tx: Executor,
  { dialect }: StoreContext,
  ids: readonly number[],
): Promise<{ readonly locked: Map<number, Stream>; readonly replayed: ReadonlySet<number> }> {
  if (ids.length === 0) return { locked: new Map(), replayed: new Set() }
  const rows = await tx
    .selectFrom('stream')
    .selectAll()
    .where(idIn('id', ids))
    .orderBy('id')
    .modifyEnd(sql.raw(dialect.forUpdate))
    .execute()
  const ofReplay = stateNumber('active', { isReplay: true })
  return {
    locked: new Map(rows.map((row) => [row.id, streamOfRow(row)])),
    replayed: new Set(rows.flatMap(({ id, state }) => (state === ofReplay ? [id] : []))),
  }
}

async function saveDrafts(
  tx: Executor,
  context: StoreContext,
  drafts: readonly StreamDraft[],
  events: readonly NewEvent[],
  /** Returns the hash under which a new stream is found. */
  hashOf: (key: StreamKey) => string,
): Promise<readonly SavedDraft[]> {
  const { dialect } = context
  const created = drafts.filter(({ id }) => id === undefined)
  const changed = drafts.filter(({ id }) => id !== undefined)
  const newIds = await insertRows(
    tx,
    dialect,
    'stream',
    created.map((draft) => streamRow(draft, context, hashOf(draft.key))),
  )
  await upsertRows(
    tx,
    dialect,
    'stream',
    changed.map((draft) => ({ id: draft.id as number, ...streamRow(draft, context) })),
    ['id'],
    [
      'event_count',
      'generation',
      'first_event',
      'last_event',
      'expire_timestamp',
      'fire_timestamp',
      'progress',
    ],
  )
  const withIds = [
    ...created.map((draft, index) => ({ draft, id: newIds[index] as number })),
    ...changed.map((draft) => ({ draft, id: draft.id as number })),
  ]
  const memberships = withIds.flatMap(({ draft, id }) =>
    draft.joined.map((index) => ({ stream_id: id, event_id: (events[index] as NewEvent).id })),
  )
  await insertRows(tx, dialect, 'stream_event', memberships)

  const opened = withIds.slice(0, created.length)
  await insertRows(
    tx,
    dialect,
    'stream_trait',
    opened.flatMap((stream) => traitRows(stream, dialect)),
  )
  // Of several streams of one key that this batch opens, the last takes events from now on.
  const pointers = new Map(opened.map(({ draft, id }) => [hashOf(draft.key), id]))
  const pointerRows = [...pointers]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([hash, id]) => ({ key_hash: dialect.bytes(hash), stream_id: id }))
  await upsertRows(tx, dialect, 'open_stream', pointerRows, ['key_hash'], ['stream_id'])
  return withIds
}

/** Returns the row of a new stream, which is found under a hash: that of its key. */
export function streamRow(
  draft: StreamDraft,
  context: Pick<StoreContext, 'dialect' | 'isReplay'>,
  hash = draft.key.hash,
): Row {
  const { dialect } = context
  return {
    name: draft.name,
    key_hash: dialect.bytes(hash),
    state: stateNumber(draft.state, context),
    state_serial_no: 0,
    event_count: draft.eventCount,
    generation: draft.generation,
    first_event: draft.firstEvent,
    last_event: draft.lastEvent,
    expire_timestamp: draft.expireTimestamp,
    fire_timestamp: draft.fireTimestamp,
    distinguishing_traits: encodeDistinguishingTraits(draft.distinguishingTraits),
    progress: JSON.stringify(draft.progress),
    attempts: 0,
    last_error: null,
    claimed_by: null,
    lease_until: null,
  }
}

/** Returns the rows of a stream in the inverted index. */
export function traitRows({ draft, id }: { draft: StreamDraft; id: number }, dialect: SqlDialect): Row[] {
  return Object.entries(draft.distinguishingTraits).map(([name, trait]) => ({
    bucket: bucketOf(id),
    hash: dialect.bytes(traitHash(name, trait)),
    stream_id: id,
  }))
}
