const PAGE_SIZE = 200

/** Yields the rows of all pages, each of which begins after the last mark, until a page is empty. */
export async function* pages<
  Q extends { readonly mark?: string | undefined; readonly limit?: unknown },
  T extends { readonly _mark: string },
>(query: Q, list: (query: Q) => Promise<T[]>): AsyncGenerator<T> {
  for (let page = { ...query, limit: query.limit ?? PAGE_SIZE }; ; ) {
    const rows = await list(page)
    yield* rows
    const last = rows.at(-1)
    if (!last) return
    page = { ...page, mark: last._mark }
  }
}
