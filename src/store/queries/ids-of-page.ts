import { type SelectQueryBuilder, sql } from 'kysely'
import type { StoreContext } from '../context.ts'
import type { EventFilter, Page } from '../ports/queries.ts'
import type { Tables } from '../schema/schema.ts'
import { withoutEmptyStart } from '../upkeep/event-spans.ts'
import type { IdRange } from './inverted-index.ts'
import { applyPage, type ReadBounds, rangeOf } from './page.ts'
import type { Reading } from './reading.ts'
import { selectTimes, selectTyped, typesOfFilter } from './select-events.ts'

// The indexes by types and by times both hold id, type and time: the ids of a page are found in them alone.

/** Number of index entries that are read and sorted in some 20 ms. */
const NARROW = 60_000
/** Index entries that are read and sorted in the time in which one row is read in the order of ids. */
const ENTRIES_PER_ROW = 3

type Selected = SelectQueryBuilder<Tables, 'event', object>

/** Returns the ids of the events of a page by their types and times, in the page's order. */
export async function idsOfPage(
  context: StoreContext,
  filter: EventFilter,
  page: Page,
  { top, reading }: ReadBounds,
): Promise<readonly number[]> {
  const types = await typesOfFilter(context, filter)
  if (types?.length === 0 || page.limit === 0) return []
  const select = (some: readonly number[] | undefined) =>
    applyPage(selectTyped(context, filter, some), 'event.id', page, top)
  const isTimed = filter.from !== undefined || filter.to !== undefined
  if (!isTimed) return idsInOrder(context, types, select, page, reading)
  const [entries, range] = await Promise.all([
    narrowEntries(context, filter, reading),
    rangeOf(context.db, 'event', page, top),
  ])
  if (!range) return []
  const ids = await withoutEmptyStart(context.db, filter, range)
  if (entries !== undefined)
    return narrowIds(context, { ...filter, types, entries, ids }, page, { top, reading })
  const within = (some: readonly number[] | undefined) =>
    select(some).where('event.id', '>=', ids.low).where('event.id', '<=', ids.high)
  return idsInOrder(context, types, within, page, reading)
}

/** Most types of which each is read by itself. */
const MOST_TYPES = 64

/** Returns the first ids of a page, in its order, of the events that `select` selects of some types. */
async function idsInOrder(
  { db }: StoreContext,
  types: readonly number[] | undefined,
  select: (types: readonly number[] | undefined) => Selected,
  { ascending, limit }: Page,
  reading: Reading,
): Promise<number[]> {
  const direction = ascending ? 'asc' : 'desc'
  const idsOf = (some: readonly number[] | undefined) =>
    select(some).select('event.id').orderBy('event.id', direction).limit(limit)
  if (types === undefined || types.length === 1) {
    const rows = await idsOf(types).execute(reading)
    return rows.map(({ id }) => id)
  }
  if (types.length > MOST_TYPES) return idsOfMany(select(undefined), types, { ascending, limit }, reading)
  // The index holds the events of each type in the order of ids: of each the first ones are read, no more.
  const parts = types.map((type) => db.selectFrom(idsOf([type]).as('of_type')).select('of_type.id'))
  const all = parts.reduce((union, part) => union.unionAll(part))
  const rows = await all.orderBy('id', direction).limit(limit).execute(reading)
  return rows.map(({ id }) => id)
}

/** Returns the first ids of events of many types: reads the events in the order of ids, whatever their types. */
async function idsOfMany(
  events: Selected,
  types: readonly number[],
  { ascending, limit }: Pick<Page, 'ascending' | 'limit'>,
  reading: Reading,
): Promise<number[]> {
  const rows = await events
    // `+ 0` keeps the servers from sorting all events of these types.
    .where(sql<boolean>`event.event_type_id + 0 in (${sql.raw(types.join(','))})`)
    .select('event.id')
    .orderBy('event.id', ascending ? 'asc' : 'desc')
    .limit(limit)
    .execute(reading)
  return rows.map(({ id }) => id)
}

type NarrowFilter = EventFilter & {
  readonly types: readonly number[] | undefined
  /** about how many index entries the times hold */
  readonly entries: number
  /** the ids that the page may have */
  readonly ids: IdRange
}

/**
 * Returns the first ids of few events, by the index of times. Most ids grow with time: the first `limit`
 * entries from the end of the times at which the page begins bound the ids that need to be sorted.
 *
 * Example: of a page of two, newest first, the latest entries have the ids 95 and 98. Then no id of the page
 * is below 95, and sorting those from 95 on also finds a late event with the id 99.
 *
 * Where few ids lie between that bound and the begin of the page, they are read in their own order.
 */
async function narrowIds(
  context: StoreContext,
  { types, from, to, entries, ids: { low, high } }: NarrowFilter,
  page: Page,
  { top, reading }: ReadBounds,
): Promise<readonly number[]> {
  const { ascending, limit } = page
  const direction = ascending ? 'asc' : 'desc'
  // `+ 0` keeps the servers from going through all events of a type, or all events in id order.
  const unindexedId = sql<number>`event.id + 0`
  const ofTypes = sql<boolean>`event.event_type_id + 0 in (${sql.raw(types?.join(',') ?? '')})`
  const typed = (timed: Selected) => (types === undefined ? timed : timed.where(ofTypes))
  const listed = (times: EventFilter) =>
    applyPage(typed(selectTimes(context, times)), 'event.id', page, top)
      .select('event.id')
      .limit(limit)
  const near = await listed({ from, to }).orderBy('event.generated', direction).execute(reading)
  const ids = sorted(near, ascending)
  const bound = ids.at(-1)
  if (ids.length < limit || bound === undefined) return ids
  const [first, last] = ascending ? [low, bound] : [bound, high]
  if ((last - first) * ENTRIES_PER_ROW < entries) {
    const rows = await typed(selectTimesUnindexed(context, { from, to }))
      .where('event.id', '>=', first)
      .where('event.id', '<=', last)
      .select('event.id')
      .orderBy('event.id', direction)
      .limit(limit)
      .execute(reading)
    return rows.map(({ id }) => id)
  }
  const found = await Promise.all(
    halvesOf(context, { from, to }).map((times) =>
      listed(times)
        .where(unindexedId, ascending ? '<=' : '>=', bound)
        .orderBy(unindexedId, direction)
        .execute(reading),
    ),
  )
  return sorted(found.flat(), ascending).slice(0, limit)
}

/** Selects the events of a filter's times without the index of times. */
function selectTimesUnindexed({ db }: StoreContext, { from, to }: EventFilter): Selected {
  const time = sql<number>`event.generated + 0`
  let selected: Selected = db.selectFrom('event')
  if (from !== undefined) selected = selected.where(time, '>', from)
  if (to !== undefined) selected = selected.where(time, '<=', to)
  return selected
}

function sorted(rows: readonly { readonly id: number }[], ascending: boolean): number[] {
  return rows.map(({ id }) => id).sort((a, b) => (ascending ? a - b : b - a))
}

/** Splits times with two ends into halves that are read at once, where there are connections for it. */
function halvesOf({ dialect }: StoreContext, { from, to }: EventFilter): readonly EventFilter[] {
  if (from === undefined || to === undefined || dialect.hasOneConnection) return [{ from, to }]
  const middle = Math.floor((from + to) / 2)
  return [
    { from, to: middle },
    { from: middle, to },
  ]
}

/**
 * Returns about how many events, of whatever type, lie within a filter's times; undefined where they are so many that
 * the index of times does not find them fastest.
 */
async function narrowEntries(
  context: StoreContext,
  { from, to }: EventFilter,
  reading: Reading,
): Promise<number | undefined> {
  const times = { from, to }
  const timed = selectTimes(context, times)
  return (await entriesByIds(context, times, timed, reading)) ?? entriesByCount(context, timed, reading)
}

/** Number of events examined at each end of a time range: some are late, and have ids of another time. */
const AT_THE_ENDS = 9

/** Returns how many ids lie between those at both ends of the times, if they are few: most ids grow with time. */
async function entriesByIds(
  { db }: StoreContext,
  times: EventFilter,
  timed: Selected,
  reading: Reading,
): Promise<number | undefined> {
  const idAt = async (end: 'asc' | 'desc') => {
    const rows = await timed
      .select('event.id')
      .orderBy('event.generated', end)
      .limit(AT_THE_ENDS)
      .execute(reading)
    const ids = sorted(rows, true)
    return ids[ids.length >> 1]
  }
  const [first, last] = await Promise.all([idAt('asc'), idAt('desc')])
  if (first === undefined || last === undefined) return 0
  const entries = Math.abs(last - first)
  if (entries > NARROW) return undefined
  // Where many events were stored out of the order of time, ids far from the ends belong to the times too.
  const isWithin = async (id: number) => {
    const far = await db
      .selectFrom('event')
      .select('generated')
      .where('id', '>=', id)
      .orderBy('id')
      .limit(1)
      .executeTakeFirst(reading)
    return far !== undefined && id > 0 && holds(times, far.generated)
  }
  const far = [Math.min(first, last) - NARROW, Math.max(first, last) + NARROW]
  return (await Promise.all(far.map(isWithin))).includes(true) ? undefined : entries
}

function holds({ from, to }: EventFilter, time: number): boolean {
  return (from === undefined || time > from) && (to === undefined || time <= to)
}

async function entriesByCount(
  { db }: StoreContext,
  timed: Selected,
  reading: Reading,
): Promise<number | undefined> {
  const some = timed
    .select('event.id')
    .orderBy('event.generated')
    .limit(NARROW + 1)
  const row = await db
    .selectFrom(some.as('some'))
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow(reading)
  const entries = Number(row.count)
  return entries <= NARROW ? entries : undefined
}
