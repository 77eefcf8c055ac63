import { type SelectQueryBuilder, sql } from 'kysely'
import type { StoreContext } from '../context.ts'
import type { EventFilter, Page } from '../ports/queries.ts'
import type { Tables } from '../schema/schema.ts'
import { withoutEmptyStart } from '../upkeep/event-spans.ts'
import { applyPage, type ReadBounds, rangeOf } from './page.ts'
import type { Reading } from './reading.ts'
import { selectEvents, selectTimes } from './select-events.ts'

// The indexes by types and by times hold ids, types and times: only they are read to find the ids of a page.

/** Entries of an index that are read and sorted in some 20 ms. */
const NARROW = 60_000

type Selected = SelectQueryBuilder<Tables, 'event', object>

/** The ids of the events of a page by their types and times, in its order. */
export async function idsOfPage(
  context: StoreContext,
  filter: EventFilter,
  page: Page,
  { top, reading }: ReadBounds,
): Promise<readonly number[]> {
  const matching = await selectEvents(context, filter)
  if (!matching || page.limit === 0) return []
  const listed = applyPage(matching, 'event.id', page, top).limit(page.limit)
  if (filter.from === undefined && filter.to === undefined) return idsInOrder(listed, page, reading)
  if (await isNarrow(context, filter, reading)) return narrowIds(context, filter, page, { top, reading })
  const range = await rangeOf(context.db, 'event', page, top)
  if (!range) return []
  const { low, high } = await withoutEmptyStart(context.db, filter, range)
  return idsInOrder(listed.where('event.id', '>=', low).where('event.id', '<=', high), page, reading)
}

async function idsInOrder(listed: Selected, { ascending }: Page, reading: Reading): Promise<number[]> {
  const direction = ascending ? 'asc' : 'desc'
  const rows = await listed.select('event.id').orderBy('event.id', direction).execute(reading)
  return rows.map(({ id }) => id)
}

/**
 * The first ids of few events, by the index of times. Most ids are given in the order of time: those at the end of the
 * times where the page begins, as many as are wanted, bound the ids that need to be sorted.
 */
async function narrowIds(
  context: StoreContext,
  { eventType, from, to }: EventFilter,
  page: Page,
  { top, reading }: ReadBounds,
): Promise<readonly number[]> {
  const { ascending, limit } = page
  const direction = ascending ? 'asc' : 'desc'
  // The sums keep the servers from going through all events of a type, or those of all times in the order of ids.
  const unindexedId = sql<number>`event.id + 0`
  const type = eventType === undefined ? undefined : await context.eventTypes.find(eventType)
  const listed = (times: EventFilter) => {
    const timed = selectTimes(context, times)
    const typed = type === undefined ? timed : timed.where(sql<number>`event.event_type_id + 0`, '=', type)
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

/** What takes longest can be done in two halves at once, where there are connections for it and both ends are known. */
function halvesOf({ dialect }: StoreContext, { from, to }: EventFilter): readonly EventFilter[] {
  if (from === undefined || to === undefined || dialect.hasOneConnection) return [{ from, to }]
  const middle = Math.floor((from + to) / 2)
  return [
    { from, to: middle },
    { from: middle, to },
  ]
}

/** Whether a filter's times hold so few events, of whatever type, that the index of times finds them fastest. */
async function isNarrow(
  context: StoreContext,
  { from, to }: EventFilter,
  reading: Reading,
): Promise<boolean> {
  const times = { from, to }
  const timed = selectTimes(context, times)
  return (await isNarrowByIds(context, times, timed, reading)) || isNarrowByCount(context, timed, reading)
}

/** Events at each end of a time range that are looked at: some are late, and have ids of another time. */
const AT_THE_ENDS = 9

/** Most ids are given in the order of time: those at the ends tell how many lie between. */
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
  // Where many were stored out of the order of time, those far from the ends lie within the range too.
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
