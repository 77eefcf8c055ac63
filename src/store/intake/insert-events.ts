import type { StoredEvent } from '../../domain/event.ts'
import type { Arrival } from '../../domain/routing.ts'
import type { StoreContext } from '../context.ts'
import { insertRows, type Row } from '../insert-rows.ts'
import { bytesHex, hashIn } from '../rows.ts'
import { bucketOf, type Executor } from '../schema/schema.ts'
import { noteUnindexed } from '../upkeep/indexed-traits.ts'
import { type EncodedRow, encodeEvent } from './encode-event.ts'

/** An event that this transaction stored. */
export type NewEvent = { readonly id: number; readonly messageHash: string; readonly arrival: Arrival }

/**
 * Stores the events whose message_id is not there yet; of repeats among the arrivals the first counts. A
 * duplicate-key error means that another transaction was first: the caller rolls back and repeats, and what
 * was looked up ahead is looked up again.
 */
export async function insertEvents(
  tx: Executor,
  context: StoreContext,
  arrivals: readonly Arrival[],
): Promise<NewEvent[]> {
  const byHash = new Map<string, Encoded>()
  for (const arrival of arrivals) {
    const encoded = encodedRow(arrival, context)
    if (!byHash.has(encoded.messageHash)) byHash.set(encoded.messageHash, { arrival, encoded })
  }
  for (const hash of await storedHashes(tx, context, [...byHash.values()])) byHash.delete(hash)
  const fresh = [...byHash.values()]
  if (fresh.length === 0) return []
  const rows = fresh.map(({ arrival: { event }, encoded }) => ({
    ...eventRow(encoded, context),
    generated: event.timestamp,
    event_type_id: context.eventTypes.idOf(event.eventType),
  }))
  const ids = await insertRows(tx, context.dialect, 'event', rows).catch((error) => {
    for (const { encoded } of fresh) encoded.seemsNew = false
    context.duplicateLookup.failed()
    throw error
  })
  await insertRows(
    tx,
    context.dialect,
    'event_trait',
    fresh.flatMap(({ encoded }, index) => traitRows(ids[index] as number, encoded)),
  )
  if (context.hasUnindexed) await noteUnindexed(tx, context, Math.max(...ids))
  return fresh.map(({ arrival, encoded: { messageHash } }, index) => ({
    id: ids[index] as number,
    messageHash,
    arrival,
  }))
}

type Encoded = { readonly arrival: Arrival; readonly encoded: EncodedRow }

/**
 * What was seen before only spares a look-up, it drops no event: rows may be gone since. Those that seemed new ahead and
 * that this store has not stored since are new; where they are stored all the same, their insert will fail.
 */
async function storedHashes(
  tx: Executor,
  { recentHashes }: StoreContext,
  rows: readonly Encoded[],
): Promise<string[]> {
  const unsure = rows.filter(({ encoded }) => !encoded.seemsNew || recentHashes.has(encoded.messageHash))
  if (unsure.length === 0) return []
  return existingHashes(
    tx,
    unsure.map(({ encoded }) => encoded.messageHash),
  )
}

/** Encoded arrivals come from this store's own `encode`. */
function encodedRow(arrival: Arrival, context: StoreContext): EncodedRow {
  return arrival.encoded ? (arrival.encoded as EncodedRow) : encodeEvent(arrival.event, context)
}

/** Stores events of another database, their ids kept. Their types have been ensured. */
export async function insertEventsWithIds(
  tx: Executor,
  context: StoreContext,
  events: readonly StoredEvent[],
): Promise<void> {
  const { dialect, eventTypes } = context
  const encoded = events.map((event) => encodeEvent(event, context))
  await insertRows(
    tx,
    dialect,
    'event',
    events.map(({ id, timestamp, eventType }, index) => ({
      id,
      ...eventRow(encoded[index] as EncodedRow, context),
      generated: timestamp,
      event_type_id: eventTypes.idOf(eventType),
    })),
  )
  await insertRows(
    tx,
    dialect,
    'event_trait',
    events.flatMap(({ id }, index) => traitRows(id, encoded[index] as EncodedRow)),
  )
}

function eventRow({ messageHash, messageId, traits }: EncodedRow, { dialect }: StoreContext): Row {
  return { message_hash: dialect.bytes(messageHash), message_id: messageId, traits }
}

export async function existingHashes(db: Executor, hashes: readonly string[]): Promise<string[]> {
  const rows = await db
    .selectFrom('event')
    .select('message_hash')
    .where(hashIn('message_hash', hashes))
    .execute()
  return rows.map((row) => bytesHex(row.message_hash))
}

function traitRows(id: number, { traitHashes }: EncodedRow): Row[] {
  const bucket = bucketOf(id)
  return traitHashes.map((hash) => ({ bucket, hash, event_id: id }))
}
