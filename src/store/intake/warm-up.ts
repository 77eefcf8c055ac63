import { sql } from 'kysely'
import type { Arrival } from '../../domain/routing.ts'
import { MICROS_PER_MINUTE } from '../../domain/time.ts'
import type { StoreContext } from '../context.ts'
import { hashIn } from '../rows.ts'
import type { EncodedRow } from './encode-event.ts'
import { existingHashes } from './insert-events.ts'

/** Events so much older than most of their batch go to pages of the index of times that nobody has used for long. */
const LATE = 10 * MICROS_PER_MINUTE

/**
 * Notes which events seem not to be stored yet, and lets the server read the pages that storing the others will
 * change: those that are not in its memory are what storing waits for when there are many events.
 */
export async function warmUp(context: StoreContext, arrivals: readonly Arrival[]): Promise<void> {
  if (arrivals.length === 0) return
  const work = [noteNew(context, arrivals)]
  // On one connection storing would wait for this.
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

/** A query that reads whole rows; what it answers is of no use. */
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

async function touchTimes({ db }: StoreContext, arrivals: readonly Arrival[]): Promise<void> {
  const times = arrivals.map(({ event }) => event.timestamp).sort((a, b) => a - b)
  const usual = times[times.length >> 1] as number
  const late = times.filter((time) => time < usual - LATE)
  if (late.length === 0) return
  await sql`select count(*) from event where \`generated\` in (${sql.join(late)})`.execute(db)
}
