import { hash128 } from '../domain/hash.ts'
import type { Arrival } from '../domain/routing.ts'
import type { StoreContext } from './context.ts'
import { insertRows, type Row } from './insert-rows.ts'
import { bytesHex, hexBytes } from './rows.ts'
import { bucketOf, type Executor } from './schema.ts'
import { encodeTraits, traitHash } from './trait-codec.ts'

/** An event that this transaction stored. */
export type NewEvent = { readonly id: number; readonly arrival: Arrival }

/**
 * Stores the events whose message_id is not there yet; of repeats among the arrivals the first counts. A
 * duplicate-key error means that another transaction was first: the caller rolls back and repeats.
 */
export async function insertEvents(
  tx: Executor,
  context: StoreContext,
  arrivals: readonly Arrival[],
): Promise<NewEvent[]> {
  const byHash = new Map<string, Arrival>()
  for (const arrival of arrivals) {
    const hash = hash128(arrival.event.messageId)
    if (!byHash.has(hash)) byHash.set(hash, arrival)
  }
  for (const hash of await existingHashes(tx, [...byHash.keys()])) byHash.delete(hash)
  const fresh = [...byHash]
  if (fresh.length === 0) return []
  const ids = await insertRows(
    tx,
    context.dialect,
    'event',
    fresh.map(([hash, { event }]) => ({
      message_hash: hexBytes(hash),
      message_id: event.messageId,
      generated: event.timestamp,
      event_type_id: context.eventTypes.idOf(event.eventType),
      traits: encodeTraits(event.traits),
    })),
  )
  const events = fresh.map(([, arrival], index) => ({ id: ids[index] as number, arrival }))
  await insertRows(
    tx,
    context.dialect,
    'event_trait',
    events.flatMap((event) => traitRows(event, context)),
  )
  return events
}

async function existingHashes(tx: Executor, hashes: readonly string[]): Promise<string[]> {
  const rows = await tx
    .selectFrom('event')
    .select('message_hash')
    .where('message_hash', 'in', hashes.map(hexBytes))
    .execute()
  return rows.map((row) => bytesHex(row.message_hash))
}

function traitRows({ id, arrival }: NewEvent, { indexedTraits }: StoreContext): Row[] {
  const rows: Row[] = []
  for (const [name, trait] of Object.entries(arrival.event.traits)) {
    if (!indexedTraits.has(name) || trait.type === 'none') continue
    rows.push({ bucket: bucketOf(id), hash: traitHash(name, trait), event_id: id })
  }
  return rows
}
