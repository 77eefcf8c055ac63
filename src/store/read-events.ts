import { type SelectQueryBuilder, sql } from 'kysely'
import type { StoredEvent } from '../domain/event.ts'
import { hash128 } from '../domain/hash.ts'
import type { StoreContext } from './context.ts'
import { withoutEmptyStart } from './event-spans.ts'
import type { EventTypes } from './event-types.ts'
import { eventsByTraits } from './events-by-traits.ts'
import { applyPage, countRows, firstOf, type ReadBounds, rangeOf } from './page.ts'
import type { Reading } from './reading.ts'
import { eventOfRow, hexBytes, idIn } from './rows.ts'
import type { Executor, Tables } from './schema.ts'
import { decodeEvents, EVENT_COLUMNS, selectEvents } from './select-events.ts'
import { readSettled } from './settled.ts'
import type { EventFilter, Page } from './store.ts'

/** Entries of an index that are read and sorted in some 20 ms. */
const NARROW = 60_000

type Selected = SelectQueryBuilder<Tables, 'event', object>

/** The events of streams, each in order of (timestamp, id). */
export async function eventsOfStreams(
  db: Executor,
  eventTypes: EventTypes,
  streamIds: readonly number[],
  reading: Reading = {},
): Promise<Map<number, StoredEvent[]>> {
  const events = new Map<number, StoredEvent[]>(streamIds.map((id) => [id, []]))
  if (streamIds.length === 0) return events
  const rows = await db
    .selectFrom('stream_event')
    .innerJoin('event', 'event.id', 'stream_event.event_id')
    .select([...EVENT_COLUMNS, 'stream_event.stream_id'])
    .where(idIn('stream_event.stream_id', streamIds))
    .execute(reading)
  // Sorted here: the server would sort the rows of all streams, traits included, in a temporary table.
  rows.sort((a, b) => a.generated - b.generated || a.id - b.id)
  const types = await eventTypes.typesOf(
    db,
    rows.map(({ event_type_id }) => event_type_id),
  )
  for (const row of rows) events.get(row.stream_id)?.push(eventOfRow(row, types))
  return events
}

export function listEvents(
  context: StoreContext,
  filter: EventFilter,
  page: Page,
  reading: Reading = {},
): Promise<StoredEvent[]> {
  return readSettled(context, 'event', (top) =>
    filter.traits?.length
      ? firstOf(eventsByTraits(context, filter, page, { top, reading }), page.limit)
      : listPlain(context, filter, page, { top, reading }),
  )
}

async function listPlain(
  context: StoreContext,
  filter: EventFilter,
  page: Page,
  { top, reading }: ReadBounds,
): Promise<StoredEvent[]> {
  const matching = await selectEvents(context, filter)
  if (!matching || page.limit === 0) return []
  const direction = page.ascending ? 'asc' : 'desc'
  let listed = applyPage(matching, 'event.id', page, top).limit(page.limit)
  const isTimed = filter.from !== undefined || filter.to !== undefined
  if (isTimed || filter.eventType !== undefined) {
    if (await isNarrow(context, filter, matching, reading)) {
      const ids = await narrowIds(listed, page, reading)
      if (ids.length === 0) return []
      listed = context.db.selectFrom('event').where(idIn('event.id', ids))
    } else if (isTimed) {
      const range = await rangeOf(context.db, 'event', page, top)
      if (!range) return []
      const { low, high } = await withoutEmptyStart(context.db, filter, range)
      listed = listed.where('event.id', '>=', low).where('event.id', '<=', high)
    }
  }
  return decodeEvents(
    context,
    await listed.select(EVENT_COLUMNS).orderBy('event.id', direction).execute(reading),
  )
}

/**
 * The first ids of few events, by an index of times. Most ids are given in the order of time: those at the end of the
 * times where the page begins, as many as are wanted, bound the ids that need to be sorted.
 */
async function narrowIds(
  listed: Selected,
  { ascending, limit }: Page,
  reading: Reading,
): Promise<readonly number[]> {
  const direction = ascending ? 'asc' : 'desc'
  const near = await listed.select('event.id').orderBy('event.generated', direction).execute(reading)
  const ids = near.map(({ id }) => id)
  if (ids.length < limit) return ids
  const bound = ids.reduce((far, id) => (ascending ? Math.max(far, id) : Math.min(far, id)))
  // The sum keeps the server from going through events of all times in the order of their ids.
  const unindexedId = sql<number>`event.id + 0`
  const rows = await listed
    .where(unindexedId, ascending ? '<=' : '>=', bound)
    .select('event.id')
    .orderBy(unindexedId, direction)
    .execute(reading)
  return rows.map(({ id }) => id)
}

/** Whether a filter means so few events that their ids are found fastest by an index of times. */
async function isNarrow(
  context: StoreContext,
  filter: EventFilter,
  matching: Selected,
  reading: Reading,
): Promise<boolean> {
  if (filter.from === undefined && filter.to === undefined)
    return isRare(context, filter.eventType ?? '', matching, reading)
  return (
    (await isNarrowByIds(context, filter, matching, reading)) || isNarrowByCount(context, matching, reading)
  )
}

/** Whether an event type has few events; one that has many is remembered, it will not have less. */
async function isRare(
  context: StoreContext,
  eventType: string,
  matching: Selected,
  reading: Reading,
): Promise<boolean> {
  if (context.commonTypes.has(eventType)) return false
  if (await isNarrowByCount(context, matching, reading)) return true
  context.commonTypes.add(eventType)
  return false
}

/** Events at each end of a time range that are looked at: some are late, and have ids of another time. */
const AT_THE_ENDS = 9

/** Most ids are given in the order of time: those at the ends tell how many lie between. */
async function isNarrowByIds(
  { db }: StoreContext,
  filter: EventFilter,
  matching: Selected,
  reading: Reading,
): Promise<boolean> {
  const idAt = async (end: 'asc' | 'desc') => {
    const rows = await matching
      .select('event.id')
      .orderBy('event.generated', end)
      .limit(AT_THE_ENDS)
      .execute(reading)
    const ids = rows.map(({ id }) => id).sort((a, b) => a - b)
    return ids[ids.length >> 1]
  }
  const [first, last] = [await idAt('asc'), await idAt('desc')]
  if (first === undefined || last === undefined) return true
  if (Math.abs(last - first) > NARROW) return false
  // Where many were stored out of the order of time, those far from the ends lie within the range too.
  for (const id of [Math.min(first, last) - NARROW, Math.max(first, last) + NARROW]) {
    const far = await db
      .selectFrom('event')
      .select('generated')
      .where('id', '>=', id)
      .orderBy('id')
      .limit(1)
      .executeTakeFirst(reading)
    if (far && id > 0 && holds(filter, far.generated)) return false
  }
  return true
}

function holds({ from, to }: EventFilter, time: number): boolean {
  return (from === undefined || time > from) && (to === undefined || time <= to)
}

async function isNarrowByCount({ db }: StoreContext, matching: Selected, reading: Reading): Promise<boolean> {
  const some = matching
    .select('event.id')
    .orderBy('event.generated')
    .limit(NARROW + 1)
  const row = await db
    .selectFrom(some.as('some'))
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow(reading)
  return Number(row.count) <= NARROW
}

/** How many events there are beyond the mark, whatever the page's limit. */
export async function countEvents(
  context: StoreContext,
  filter: EventFilter,
  page: Page,
  reading: Reading = {},
): Promise<number> {
  if (filter.traits?.length) return countRows(eventsByTraits(context, filter, page, { reading }))
  const matching = await selectEvents(context, filter)
  if (!matching) return 0
  const row = await applyPage(matching, 'event.id', page)
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow(reading)
  return Number(row.count)
}

export async function findEvent(
  { db, eventTypes }: StoreContext,
  messageId: string,
): Promise<StoredEvent | undefined> {
  const row = await db
    .selectFrom('event')
    .select(EVENT_COLUMNS)
    .where('event.message_hash', '=', hexBytes(hash128(messageId)))
    .executeTakeFirst()
  return row && eventOfRow(row, await eventTypes.typesOf(db, [row.event_type_id]))
}
