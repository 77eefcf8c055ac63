import { sql } from 'kysely'
import type { Arrival } from '../../domain/routing.ts'
import type { StoreContext } from '../context.ts'
import { hashIn } from '../rows.ts'
import type { EncodedRow } from './encode-event.ts'
import { existingHashes } from './insert-events.ts'

/**
 * Marks the events that seem not to be stored yet, and lets the server read the pages that storing the others
 * will change. When there are many events, storing waits mostly for pages that are not in memory.
 */
export async function warmUp(context: StoreContext, arrivals: readonly Arrival[]): Promise<void> {
  if (arrivals.length === 0) return
  const work = [noteNew(context, arrivals)]
  // With only one connection storing would wait for these queries.
  if (!context.dialect.hasOneConnection) {
    work.push(touchStreams(context, arrivals), touchTimes(context, arrivals))
  }
  await Promise.all(work)
}

async function noteNew(context: StoreContext, arrivals: readonly Arrival[]): Promise<void> {
  const rows = arrivals.flatMap(({ encoded }) => (encoded ? (encoded as EncodedRow) : []))
  const hashes = [...new Set(rows.map(({ messageHash }) => messageHash))]
  if (hashes.length === 0) return
  const stored = new Set(context.duplicateLookup.isDue() ? await lookUp(context, hashes) : [])
  for (const row of rows) row.seemsNew = !stored.has(row.messageHash)
}

async function lookUp({ db, duplicateLookup }: StoreContext, hashes: readonly string[]): Promise<string[]> {
  const begun = performance.now()
  const found = await existingHashes(db, hashes)
  duplicateLookup.looked(hashes.length, found.length, performance.now() - begun)
  return found
}

/** Reads the rows of open streams into the server's memory; the result is not used. */
async function touchStreams({ db }: StoreContext, arrivals: readonly Arrival[]): Promise<void> {
  const keys = [...new Set(arrivals.flatMap(({ keys }) => keys.map(({ hash }) => hash)))]
  if (keys.length === 0) return
  await db
    .selectFrom('open_stream')
    .innerJoin('stream', 'stream.id', 'open_stream.stream_id')
    .select(({ fn }) => fn.sum('stream.event_count').as('touched'))
    .where(hashIn('open_stream.key_hash', keys))
    .execute()
}

/** Reads the pages of the index of times that late events will change into the server's memory. */
async function touchTimes({ db, lateTimes }: StoreContext, arrivals: readonly Arrival[]): Promise<void> {
  const late = lateTimes.next(arrivals.map(({ event }) => event.timestamp))
  if (late.length === 0) return
  // Without the hint a server reads a whole index, of types, while the table is small.
  await sql`select count(*) from event force index (event_by_time) where \`generated\` in (${sql.join(late)})`.execute(
    db,
  )
}
