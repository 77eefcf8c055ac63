import { sql } from 'kysely'
import type { StoreContext } from './context.ts'
import { hexBytes } from './rows.ts'
import { bucketOf, type Executor } from './schema.ts'
import type { Trim } from './store.ts'
import { decodeTraits, traitHash } from './trait-codec.ts'

/** Deletes the oldest events that are in no stream; answers how many. */
export async function trimEvents(tx: Executor, context: StoreContext, trim: Trim): Promise<number> {
  const found = await tx
    .selectFrom('event')
    .select(['id', 'traits'])
    .where('generated', '<', trim.olderThan)
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('stream_event').select('event_id').whereRef('event_id', '=', 'event.id'))),
    )
    .orderBy('generated')
    .orderBy('id')
    .limit(trim.limit)
    .modifyEnd(sql.raw(context.dialect.skipLocked))
    .execute()
  if (found.length === 0) return 0
  // A lock shows the newest row, and the query above looked at memberships as they were when it began.
  const joined = await tx
    .selectFrom('stream_event')
    .select('event_id')
    .where(
      'event_id',
      'in',
      found.map(({ id }) => id),
    )
    .execute()
  const members = new Set(joined.map(({ event_id }) => event_id))
  const rows = found.filter(({ id }) => !members.has(id))
  if (rows.length === 0) return 0
  for (const row of rows) {
    const hashes = Object.entries(decodeTraits(row.traits))
      .filter(([name]) => context.indexedTraits.has(name))
      .map(([name, trait]) => hexBytes(traitHash(name, trait)))
    if (hashes.length === 0) continue
    await tx
      .deleteFrom('event_trait')
      .where('bucket', '=', bucketOf(row.id))
      .where('hash', 'in', hashes)
      .where('event_id', '=', row.id)
      .execute()
  }
  await tx
    .deleteFrom('event')
    .where(
      'id',
      'in',
      rows.map(({ id }) => id),
    )
    .execute()
  return rows.length
}
