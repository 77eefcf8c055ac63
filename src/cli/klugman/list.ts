import type { Client, EventQuery, ListedEvent, StreamQuery } from '../../client/client.ts'
import type { RestStream } from '../../domain/rest-form.ts'
import { sleep } from '../../runtime/backoff.ts'
import { stopSignal } from '../daemon.ts'
import { grouped } from '../generate/progress.ts'
import { StatusLine } from '../status-line.ts'
import type { Output } from './output.ts'

/** Rows of one page when all are asked for. */
const PAGE_SIZE = 1000
const WATCH_MS = 1000

type Row = { readonly _mark: string }
type Query = { readonly mark?: string | undefined; readonly limit?: number | string | undefined }

/** A list of the API: a page, or all of it. */
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

/** Prints a page, or all pages. */
export async function printList<Q extends Query, T extends Row>(
  listing: Listing<Q, T>,
  query: Q,
  wantsAll: boolean,
  output: Output<NoInfer<T>>,
): Promise<void> {
  if (!wantsAll) for (const row of await listing.page(query, {})) await output.add(row)
  else {
    const line = new StatusLine()
    let count = 0
    for await (const row of listing.all({ ...query, limit: PAGE_SIZE })) {
      await output.add(row)
      line.show(`${grouped(++count)} so far`)
    }
    line.clear()
  }
  await output.end()
}

/** Prints what is new, as it comes, until it is stopped. */
export async function watchList<Q extends Query, T extends Row>(
  listing: Listing<Q, T>,
  query: Q,
  output: Output<NoInfer<T>>,
): Promise<void> {
  const signal = stopSignal()
  const [newest] = await listing.page({ ...query, mark: undefined, limit: 1 }, {})
  let mark = newest ? `+${newest._mark}` : '+'
  try {
    while (!signal.aborted) {
      const rows = await listing.page({ ...query, mark, limit: PAGE_SIZE }, { signal })
      for (const row of rows) await output.add(row)
      mark = rows.at(-1)?._mark ?? mark
      if (rows.length < PAGE_SIZE) await sleep(WATCH_MS, signal)
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

/** Prints a count whenever it is another, until it is stopped. */
export async function watchCount(
  count: (signal: AbortSignal) => Promise<number>,
  show: (count: number) => Promise<void>,
): Promise<void> {
  const signal = stopSignal()
  let last: number | undefined
  try {
    while (!signal.aborted) {
      const current = await count(signal)
      if (current !== last) await show(current)
      last = current
      await sleep(WATCH_MS, signal)
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
