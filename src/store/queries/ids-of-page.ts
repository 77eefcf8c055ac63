import { type SelectQueryBuilder, sql } from 'kysely'
import type { StoreContext } from '../context.ts'
import type { EventFilter, Page } from '../ports/queries.ts'
import type { Tables } from '../schema/schema.ts'
import { withoutEmptyStart } from '../upkeep/event-spans.ts'
import { applyPage, type ReadBounds, rangeOf } from './page.ts'
import type { Reading } from './reading.ts'
import { selectTimes, selectTyped, typesOfFilter } from './select-events.ts'

// The indexes by types and by times both hold id, type and time: the ids of a page are found in them alone.

/** Number of index entries that are read and sorted in some 20 ms. */
const NARROW = 60_000

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
  if (await isNarrow(context, filter, reading))
    return narrowIds(context, { ...filter, types }, page, { top, reading })
  const range = await rangeOf(context.db, 'event', page, top)
  if (!range) return []
  const { low, high } = await withoutEmptyStart(context.db, filter, range)
  const within = (some: readonly number[] | undefined) =>
    select(some).where('event.id', '>=', low).where('event.id', '<=', high)
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

/**
 * Returns the first ids of few events, by the index of times. Most ids grow with time: the first `limit`
 * entries from the end of the times at which the page begins bound the ids that need to be sorted.
 *
 * Example: of a page of two, newest first, the latest entries have the ids 95 and 98. Then no id of the page
 * is below 95, and sorting those from 95 on also finds a late event with the id 99.
 */
async function narrowIds(
  context: StoreContext,
  { types, from, to }: EventFilter & { readonly types: readonly number[] | undefined },
  page: Page,
  { top, reading }: ReadBounds,
): Promise<readonly number[]> {
  const { ascending, limit } = page
  const direction = ascending ? 'asc' : 'desc'
  // `+ 0` keeps the servers from going through all events of a type, or all events in id order.
  const unindexedId = sql<number>`event.id + 0`
  const listed = (times: EventFilter) => {
    const timed = selectTimes(context, times)
    const ofTypes = sql<boolean>`event.event_type_id + 0 in (${sql.raw(types?.join(',') ?? '')})`
    const typed = types === undefined ? timed : timed.where(ofTypes)
    return applyPage(typed, 'event.id', page, top).select('event.id').limit(limit)
  }
  const near = await listed({ from, to }).orderBy('event.generated', direction).execute(reading)
  const ids = sorted(near, ascending)
  const bound = ids.at(-1)
  if (ids.length < limit || bound === undefined) return ids
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
 * Whether a filter's times hold so few events, of whatever type, that the index of times finds them fastest.
 */
async function isNarrow(
  context: StoreContext,
  { from, to }: EventFilter,
  reading: Reading,
): Promise<boolean> {
  const times = { from, to }
  const timed = selectTimes(context, times)
  return (await isNarrowByIds(context, times, timed, reading)) || isNarrowByCount(context, timed, reading)
}

/** Number of events examined at each end of a time range: some are late, and have ids of another time. */
const AT_THE_ENDS = 9

/** Whether few events lie between the ids at both ends of the times: most ids grow with time. */
async function isNarrowByIds(
  { db }: StoreContext,
  times: EventFilter,
  timed: Selected,
  reading: Reading,
): Promise<boolean> {
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
  if (first === undefined || last === undefined) return true
  if (Math.abs(last - first) > NARROW) return false
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
  return !(await Promise.all(far.map(isWithin))).includes(true)
}

function holds({ from, to }: EventFilter, time: number): boolean {
  return (from === undefined || time > from) && (to === undefined || time <= to)
}

async function isNarrowByCount({ db }: StoreContext, timed: Selected, reading: Reading): Promise<boolean> {
  const some = timed
    .select('event.id')
    .orderBy('event.generated')
    .limit(NARROW + 1)
  const row = await db
    .selectFrom(some.as('some'))
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow(reading)
  return Number(row.count) <= NARROW
}
