import { stopSignal } from '../assembly/daemon.ts'
import { printNote } from '../cli/program.ts'
import { TransientError } from '../domain/errors.ts'
import type { RestStream } from '../formats/rest-form.ts'
import { Backoff, sleep } from '../runtime/backoff.ts'
import type { Listing, Query, Row } from './list.ts'
import type { ListOptions } from './list-options.ts'
import { type Output, printCount } from './output.ts'

const WATCH_MS = 1000
const PAGE_SIZE = 1000

/**
 * Prints new rows as they appear, until SIGINT or SIGTERM.
 *
 * @example
 * await watchNew(eventListing(client), { eventName: 'compute.instance.exists' }, eventOutput({}))
 */
export async function watchNew<Q extends Query, T extends Row>(
  { page }: Listing<Q, T>,
  query: Q,
  output: Output<NoInfer<T>>,
): Promise<void> {
  let mark: string | undefined
  await repeat(async (signal) => {
    if (mark === undefined) {
      const [newest] = await page({ ...query, mark: undefined, limit: 1 }, { signal })
      mark = newest ? `+${newest._mark}` : '+'
      return true
    }
    const rows = await page({ ...query, mark, limit: PAGE_SIZE }, { signal })
    for (const row of rows) await output.add(row)
    mark = rows.at(-1)?._mark ?? mark
    return rows.length < PAGE_SIZE
  })
}

/**
 * Prints streams that are new or have changed state, until SIGINT or SIGTERM. Watches the newest 1000 streams
 * that match the query.
 */
export async function watchStreams<Q extends Query>(
  { page }: Listing<Q, RestStream>,
  query: Q,
  output: Output<RestStream>,
): Promise<void> {
  let seen: Set<string> | undefined
  /** lowest id of the last full page: older streams move onto the page when others are deleted */
  let lowest = 0
  await repeat(async (signal) => {
    const rows = await page({ ...query, limit: PAGE_SIZE }, { signal })
    for (const row of rows.toReversed())
      if (seen && row.id >= lowest && !seen.has(keyOf(row))) await output.add(row)
    seen = new Set(rows.map(keyOf))
    lowest = rows.length < PAGE_SIZE ? 0 : (rows.at(-1)?.id ?? 0)
    return true
  })
}

function keyOf({ id, state }: RestStream): string {
  return `${id} ${state}`
}

/** Prints a count; with --watch again whenever it changes. */
export async function showCount(
  count: (signal?: AbortSignal) => Promise<number>,
  options: ListOptions,
): Promise<void> {
  if (!options.watch) return printCount(await count(), options)
  let last: number | undefined
  await repeat(async (signal) => {
    const current = await count(signal)
    if (current !== last) await printCount(current, options)
    last = current
    return true
  })
}

/**
 * Repeats a look until the signal aborts, and pauses after it when it returns true. Retries while the server
 * does not answer, and reports that once.
 */
async function repeat(look: (signal: AbortSignal) => Promise<boolean>): Promise<void> {
  const signal = stopSignal()
  const backoff = new Backoff({ initialMs: WATCH_MS, maxMs: 10_000 })
  let isAway = false
  while (!signal.aborted) {
    try {
      const wantsRest = await look(signal)
      if (isAway) printNote('the server answers again')
      isAway = false
      backoff.reset()
      if (wantsRest) await sleep(WATCH_MS, signal)
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof TransientError)) throw error
      if (!isAway) printNote(`${error.message}; trying again until it does`)
      isAway = true
      await sleep(backoff.next(), signal)
    }
  }
}
