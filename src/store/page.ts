import type { IdRange } from './id-walk.ts'
import type { Executor } from './schema.ts'
import type { Page } from './store.ts'

/** How far a list may be read: ids up to `top`; not at all when `signal` has aborted. */
export type ReadBounds = { readonly top?: number; readonly signal?: AbortSignal | undefined }

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
  const row = await db
    .selectFrom(table)
    .select(({ fn }) => [fn.min('id').as('low'), fn.max('id').as('high')])
    .executeTakeFirst()
  if (!row || row.low === null || row.high === null) return undefined
  const low = mark !== undefined && ascending ? Math.max(Number(row.low), mark + 1) : Number(row.low)
  const high = mark !== undefined && !ascending ? Math.min(Number(row.high), mark - 1) : Number(row.high)
  const range = { low, high: Math.min(high, top), ascending }
  return range.low <= range.high ? range : undefined
}
