import { grouped } from '../cli/terminal/grouped.ts'
import { StatusLine } from '../cli/terminal/status-line.ts'
import type { Client, EventQuery, ListedEvent, StreamQuery } from '../client/client.ts'
import type { RestStream } from '../formats/rest-form.ts'
import type { Output } from './output.ts'

/** Rows per page when all pages are requested. */
const PAGE_SIZE = 1000

export type Row = { readonly _mark: string }
export type Query = { readonly mark?: string | undefined; readonly limit?: number | string | undefined }

/** A list of the API: `page` fetches one page, `all` iterates over all rows. */
export type Listing<Q extends Query, T extends Row> = {
  readonly page: (query: Q, options: { signal?: AbortSignal }) => Promise<T[]>
  readonly all: (query: Q) => AsyncIterable<T>
}

export function streamListing(client: Client): Listing<StreamQuery, RestStream> {
  return { page: client.listStreams, all: client.streams }
}

export function eventListing(client: Client): Listing<EventQuery, ListedEvent> {
  return { page: client.listEvents, all: client.events }
}

/**
 * Prints one page, or all pages when `wantsAll` is set.
 *
 * @example
 * await printList(streamListing(client), { state: 'error' }, true, streamOutput({ json: true }))
 */
export async function printList<Q extends Query, T extends Row>(
  listing: Listing<Q, T>,
  query: Q,
  wantsAll: boolean,
  output: Output<NoInfer<T>>,
): Promise<void> {
  const rows = wantsAll ? listing.all({ ...query, limit: PAGE_SIZE }) : await listing.page(query, {})
  const line = new StatusLine()
  let count = 0
  for await (const row of rows) {
    await output.add(row)
    count++
    // On a terminal the status line would appear between the rows.
    if (!process.stdout.isTTY) line.show(() => `${grouped(count)} so far`)
  }
  line.clear()
  await output.end()
}
