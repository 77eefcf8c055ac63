import type { StoredEvent } from '../../domain/event.ts'
import { holdsTraits, isValueCondition } from '../../domain/trait-condition.ts'
import type { StoreContext } from '../context.ts'
import type { EventFilter, Page } from '../ports/queries.ts'
import { bucketOf, type Executor, firstIdOf } from '../schema/schema.ts'
import { bucketsWithout } from '../upkeep/event-spans.ts'
import { mayMeet } from './holds-condition.ts'
import { beyond, type IdRange, idsByTraits } from './inverted-index.ts'
import { breathe, type ReadBounds, rangeOf } from './page.ts'
import type { Reading } from './reading.ts'
import { eventsOfListed, LISTED_COLUMNS, selectEvents } from './select-events.ts'

/**
 * Reads the events that meet conditions on traits, in the page's order and in portions. Finds them by the
 * inverted index as far as the traits are in it, else by reading all events.
 */
export async function* eventsByTraits(
  context: StoreContext,
  filter: EventFilter,
  page: Page,
  { top, reading }: ReadBounds,
): AsyncGenerator<StoredEvent[]> {
  const { db } = context
  const { traits = [], without } = filter
  const { maxBytes = Infinity } = page
  let [count, bytes] = [0, 0]
  const range = await rangeOf(db, 'event', page, top)
  const matching = await selectEvents(context, filter)
  if (!range || !matching) return
  const direction = range.ascending ? 'asc' : 'desc'
  const wantsMany = page.limit >= MANY
  for await (const { ids: found, low, high } of candidates(db, filter, range, { reading, wantsMany })) {
    await breathe(reading)
    let selected = matching.where('event.id', '>=', low).where('event.id', '<=', high)
    const ids = without ? found?.filter((id) => !without.has(id)) : found
    if (ids?.length === 0) continue
    if (ids) selected = selected.where('event.id', 'in', ids)
    else for (const one of traits) selected = selected.where(mayMeet('event.traits', one))
    const listed = await selected.select(LISTED_COLUMNS).orderBy('event.id', direction).execute(reading)
    for await (const { events, rows } of eventsOfListed(context, listed, page, reading)) {
      const found: StoredEvent[] = []
      for (const [index, event] of events.entries()) {
        if (without?.has(event.id) || !holdsTraits(event.traits, traits)) continue
        bytes += Number(rows[index]?.bytes)
        if (bytes > maxBytes && count > 0) return yield found
        count++
        found.push(event)
      }
      yield found
    }
  }
}

/** From this page size on several buckets are looked up at once from the start. */
const MANY = 5000

/** The ids from `low` to `high`: only those of `ids`, or all of them without `ids`. */
type Candidates = { readonly ids?: readonly number[]; readonly low: number; readonly high: number }

/**
 * Yields the ids of events that may meet the conditions. Events that were stored before a trait was indexed
 * have to be read, all of them.
 */
async function* candidates(
  db: Executor,
  filter: EventFilter,
  range: IdRange,
  { reading, wantsMany }: { readonly reading: Reading; readonly wantsMany: boolean },
): AsyncGenerator<Candidates> {
  const traits = filter.traits?.filter(isValueCondition) ?? []
  const names = traits.map(({ name }) => name)
  const [found, without] = await Promise.all([
    names.length === 0 ? [] : db.selectFrom('indexed_trait').selectAll().where('name', 'in', names).execute(),
    bucketsWithout(db, filter),
  ])
  const since = found.length === 0 ? range.high + 1 : Math.max(...found.map(({ from_id }) => from_id))
  const indexed = traits.filter(({ name }) => found.some((one) => one.name === name))
  const byIndex = { ...range, low: Math.max(range.low, since) }
  const byReading = { ...range, high: Math.min(range.high, since - 1) }
  const parts = [byReading, byIndex]
  for (const part of range.ascending ? parts : parts.reverse()) {
    if (part.low > part.high) continue
    if (part === byReading) {
      yield* readings(part, without)
      continue
    }
    const walk = idsByTraits(db, 'event', indexed, part, reading, { inVain: without, wantsMany })
    for await (const ids of walk) yield { ids, ...part }
  }
}

/** Ids per query where no index is used. */
const READ_AT_A_TIME = 4096

/** Splits a range into parts, without the buckets that hold no event of the filter's times. */
function* readings(range: IdRange, without: ReadonlySet<number>): Generator<Candidates> {
  for (let rest = range; rest.low <= rest.high; ) {
    const bucket = bucketOf(rest.ascending ? rest.low : rest.high)
    const end = rest.ascending
      ? Math.min(rest.high, firstIdOf(bucket + 1) - 1, rest.low + READ_AT_A_TIME - 1)
      : Math.max(rest.low, firstIdOf(bucket), rest.high - READ_AT_A_TIME + 1)
    if (!without.has(bucket)) yield rest.ascending ? { ...rest, high: end } : { ...rest, low: end }
    rest = beyond(rest, end)
  }
}
