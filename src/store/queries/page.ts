import { setImmediate } from 'node:timers/promises'
import type { Page } from '../ports/queries.ts'
import type { Executor } from '../schema/schema.ts'
import type { IdRange } from './inverted-index.ts'
import type { Reading } from './reading.ts'

/** How far a list may be read: ids up to `top`; not at all when nobody waits any more. */
export type ReadBounds = { readonly top?: number | undefined; readonly reading: Reading }

type Filterable<T> = { where(column: never, operator: '<' | '>' | '<=', value: never): T }

/** Keeps what lies beyond the page's mark and is not above the top. */
export function applyPage<T extends Filterable<T>>(
  select: T,
  idColumn: string,
  page: Page,
  top = Number.MAX_SAFE_INTEGER,
): T {
  const bounded =
    page.mark === undefined
      ? select
      : select.where(idColumn as never, page.ascending ? '>' : '<', page.mark as never)
  return top === Number.MAX_SAFE_INTEGER ? bounded : bounded.where(idColumn as never, '<=', top as never)
}

/** The ids that a page may hold, of those that are there; undefined: none. */
export async function rangeOf(
  db: Executor,
  table: 'event' | 'stream',
  { mark, ascending }: Page,
  top = Number.MAX_SAFE_INTEGER,
): Promise<IdRange | undefined> {
  const [lowest, highest] = await Promise.all([idAtEnd(db, table, 'asc'), idAtEnd(db, table, 'desc')])
  if (lowest === undefined || highest === undefined) return undefined
  const low = mark !== undefined && ascending ? Math.max(lowest, mark + 1) : lowest
  const high = mark !== undefined && !ascending ? Math.min(highest, mark - 1) : highest
  const range = { low, high: Math.min(high, top), ascending }
  return range.low <= range.high ? range : undefined
}

/** The lowest or the highest id: two queries for two ends, one for both would read a whole index. */
export async function idAtEnd(
  db: Executor,
  table: 'event' | 'stream',
  end: 'asc' | 'desc',
): Promise<number | undefined> {
  const row = await db.selectFrom(table).select('id').orderBy('id', end).limit(1).executeTakeFirst()
  return row && Number(row.id)
}

/** Between portions of a long reading: an embedded database answers at once, and others want to be heard. */
export async function breathe(reading: Reading): Promise<void> {
  await setImmediate()
  reading.signal?.throwIfAborted()
}

/** The first rows of portions, as many as a page holds; no more portions are read. */
export async function firstOf<T>(portions: AsyncIterable<readonly T[]>, limit: number): Promise<T[]> {
  const rows: T[] = []
  if (limit === 0) return rows
  for await (const portion of portions) {
    rows.push(...portion.slice(0, limit - rows.length))
    if (rows.length >= limit) break
  }
  return rows
}

export async function countRows(portions: AsyncIterable<readonly unknown[]>): Promise<number> {
  let count = 0
  for await (const portion of portions) count += portion.length
  return count
}
