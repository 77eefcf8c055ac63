import type { StoreContext } from '../context.ts'
import { upsertRows } from '../insert-rows.ts'
import type { EventFilter } from '../ports/queries.ts'
import type { IdRange } from '../queries/inverted-index.ts'
import { idAtEnd } from '../queries/page.ts'
import { waitForWriters } from '../queries/visible-page.ts'
import { bucketOf, type Executor, firstIdOf } from '../schema/schema.ts'

// Of each closed bucket of ids, one that no transaction stores into any more, the first and the last time of its
// events is known: what looks for other times passes it over.

/** Notes the span of the oldest closed bucket that has none; whether there may be more of them. */
export async function closeSpan(context: StoreContext): Promise<boolean> {
  const { db, dialect } = context
  const newest = await idAtEnd(db, 'event', 'desc')
  if (newest === undefined) return false
  const bucket = await nextUnclosed(db)
  if (bucket === undefined || bucket >= bucketOf(newest)) return false
  await waitForWriters(context)
  const span = await db
    .selectFrom('event')
    .select(({ fn }) => [fn.min('generated').as('min'), fn.max('generated').as('max')])
    .where('id', '>=', firstIdOf(bucket))
    .where('id', '<', firstIdOf(bucket + 1))
    .executeTakeFirst()
  // One without events holds no time at all.
  const row = {
    bucket,
    min_generated: span?.min ?? Number.MAX_SAFE_INTEGER,
    max_generated: span?.max ?? 0,
  }
  await upsertRows(db, dialect, 'event_span', [row], ['bucket'], [])
  return true
}

/** The bucket after the last closed one, or that of the oldest event. */
async function nextUnclosed(db: Executor): Promise<number | undefined> {
  const last = await db
    .selectFrom('event_span')
    .select('bucket')
    .orderBy('bucket', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (last) return last.bucket + 1
  const oldest = await idAtEnd(db, 'event', 'asc')
  return oldest === undefined ? undefined : bucketOf(oldest)
}

/** The closed buckets that hold no event of a filter's times. */
export async function bucketsWithout(db: Executor, { from, to }: EventFilter): Promise<ReadonlySet<number>> {
  if (from === undefined && to === undefined) return new Set()
  const rows = await db
    .selectFrom('event_span')
    .select('bucket')
    .where((where) =>
      where.or([
        ...(from === undefined ? [] : [where('max_generated', '<=', from)]),
        ...(to === undefined ? [] : [where('min_generated', '>', to)]),
      ]),
    )
    .execute()
  return new Set(rows.map(({ bucket }) => bucket))
}

/** A range without the buckets at its beginning that hold no event of a filter's times. */
export async function withoutEmptyStart(
  db: Executor,
  filter: EventFilter,
  { low, high, ascending }: IdRange,
): Promise<IdRange> {
  const without = await bucketsWithout(db, filter)
  let bucket = bucketOf(ascending ? low : high)
  while (without.has(bucket)) bucket += ascending ? 1 : -1
  return ascending
    ? { low: Math.max(low, firstIdOf(bucket)), high, ascending }
    : { low, high: Math.min(high, firstIdOf(bucket + 1) - 1), ascending }
}
