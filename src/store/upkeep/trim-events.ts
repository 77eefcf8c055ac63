import { sql } from 'kysely'
import type { StoreContext } from '../context.ts'
import type { Trim, Trimmed } from '../ports/upkeep.ts'
import { hexBytes } from '../rows.ts'
import { bucketOf, type Executor } from '../schema/schema.ts'
import { decodeTraits, traitHash } from '../trait-codec.ts'

/** Old events that are looked at in one transaction; most may be in streams that are kept. */
const LOOKED_AT = 1000

/** Deletes old events that are in no stream, going on after `trim.after`; all by indexes. */
export async function trimEvents(tx: Executor, context: StoreContext, trim: Trim): Promise<Trimmed> {
  const looked = await oldEvents(tx, trim)
  const members = await membersOf(tx, looked)
  const loose = looked.filter(({ id }) => !members.has(id))
  const doomed = loose.slice(0, trim.limit)
  const trimmed = await deleteEvents(
    tx,
    context,
    doomed.map(({ id }) => id),
  )
  const isAll = doomed.length === loose.length
  if (isAll && looked.length < LOOKED_AT) return { trimmed, after: undefined }
  const last = isAll ? looked.at(-1) : doomed.at(-1)
  return { trimmed, after: last }
}

type Place = { readonly generated: number; readonly id: number }

function oldEvents(tx: Executor, { olderThan, after }: Trim): Promise<Place[]> {
  let old = tx.selectFrom('event').select(['id', 'generated']).where('generated', '<', olderThan)
  if (after) {
    old = old
      .where('generated', '>=', after.generated)
      .where(({ not, and, eb }) =>
        not(and([eb('generated', '=', after.generated), eb('id', '<=', after.id)])),
      )
  }
  return old.orderBy('generated').orderBy('id').limit(LOOKED_AT).execute()
}

async function membersOf(tx: Executor, events: readonly { readonly id: number }[]): Promise<Set<number>> {
  if (events.length === 0) return new Set()
  const rows = await tx
    .selectFrom('stream_event')
    .select('event_id')
    .where(
      'event_id',
      'in',
      events.map(({ id }) => id),
    )
    .execute()
  return new Set(rows.map(({ event_id }) => event_id))
}

async function deleteEvents(tx: Executor, context: StoreContext, ids: readonly number[]): Promise<number> {
  if (ids.length === 0) return 0
  const found = await tx
    .selectFrom('event')
    .select(['id', 'traits'])
    .where('id', 'in', ids)
    .modifyEnd(sql.raw(context.dialect.skipLocked))
    .execute()
  // Now that they are locked none joins a stream any more; one may have since they were looked at.
  const members = await membersOf(tx, found)
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
