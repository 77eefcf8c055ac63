import type { Page } from './store.ts'

type Filterable<T> = { where(column: never, operator: '<' | '>', value: never): T }

/** Keeps what lies beyond the page's mark. */
export function applyPage<T extends Filterable<T>>(select: T, idColumn: string, page: Page): T {
  if (page.mark === undefined) return select
  return select.where(idColumn as never, page.ascending ? '>' : '<', page.mark as never)
}
