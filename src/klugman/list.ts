import { printNote } from '../cli/program.ts'
import { grouped } from '../cli/terminal/grouped.ts'
import { StatusLine } from '../cli/terminal/status-line.ts'
import type {
  Client,
  DeadLetterQuery,
  EventQuery,
  ListedDeadLetter,
  ListedEvent,
  StreamQuery,
} from '../client/client.ts'
import type { RestStream } from '../formats/rest-form.ts'
import type { Output } from './output.ts'

/** Rows per page when all pages are requested. */
const PAGE_SIZE = 1000
/** Rows of a page for which no limit is given. */
const DEFAULT_LIMIT = 200

export type Row = { readonly _mark: string }
export type Query = { readonly mark?: string | undefined; readonly limit?: number | string | undefined }

/** A list of the API: `page` fetches one page, `all` iterates over all rows. */
export type Listing<Q extends Query, T extends Row> = {
  readonly page: (query: Q, options: { signal?: AbortSignal }) => Promise<T[]>
  readonly all: (query: Q) => AsyncIterable<T>
  /** absent where the API counts none */
  readonly count?: (query: Q, options: { signal?: AbortSignal }) => Promise<number>
}

export function streamListing(client: Client): Listing<StreamQuery, RestStream> {
  return { page: client.listStreams, all: client.streams, count: client.countStreams }
}

export function deadLetterListing(client: Client): Listing<DeadLetterQuery, ListedDeadLetter> {
  return { page: client.listDeadLetters, all: client.deadLetters, count: client.countDeadLetters }
}

export function eventListing(client: Client): Listing<EventQuery, ListedEvent> {
  return { page: client.listEvents, all: client.events, count: client.countEvents }
}

/** What printList prints: rows of a listing that a query selects. */
export type Printed<Q extends Query, T extends Row> = {
  readonly listing: Listing<Q, T>
  readonly query: Q
  /** whether all rows are printed, not only `limit` of them */
  readonly isAll: boolean
  readonly output: Output<NoInfer<T>>
  /** what the rows are, such as `streams`, for messages */
  readonly rows: string
}

/**
 * Prints `limit` rows, in as many pages as they take, or all. Says on standard error when no row matches,
 * and when there are more.
 *
 * @example
 * const output = streamOutput({ json: true })
 * await printList({ listing: streamListing(client), query: { state: 'error' }, isAll: true, output, rows: 'streams' })
 */
export async function printList<Q extends Query, T extends Row>(printed: Printed<Q, T>): Promise<void> {
  const { listing, query, isAll, output, rows } = printed
  const most = isAll ? Number.POSITIVE_INFINITY : Number(query.limit ?? DEFAULT_LIMIT)
  // What is no number is for the server to refuse.
  const limit = Number.isNaN(most) ? query.limit : Math.min(most, PAGE_SIZE)
  const line = new StatusLine()
  let count = 0
  let mark: string | undefined
  for await (const row of listing.all({ ...query, limit })) {
    await output.add(row)
    count++
    mark = row._mark
    // On a terminal the status line would appear between the rows.
    if (!process.stdout.isTTY) line.show(() => `${grouped(count)} so far`)
    if (count === most) break
  }
  line.clear()
  await output.end()
  if (count === 0 && most > 0) printNote(`no ${rows} match`)
  if (count < most || mark === undefined) return
  const [next] = await listing.page({ ...query, mark, limit: 1 }, {})
  if (next) printNote(`${await shownOf(listing, query, count)}; --all or --limit for more`)
}

/** Longest wait for a count, ms: without an index the rows that match have to be read. */
const COUNT_WAIT_MS = 5000

/** Describes how many of the rows that match are shown. */
async function shownOf<Q extends Query, T extends Row>(
  listing: Listing<Q, T>,
  query: Q,
  shown: number,
): Promise<string> {
  try {
    const all = await listing.count?.(query, { signal: AbortSignal.timeout(COUNT_WAIT_MS) })
    if (all !== undefined) return `${grouped(shown)} of ${grouped(Math.max(all, shown + 1))}`
  } catch {
    // The rows are there; how many more there are is only good to know.
  }
  return `${grouped(shown)} shown, and there are more`
}
