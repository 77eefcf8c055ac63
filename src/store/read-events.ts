import type { StoredEvent } from '../domain/event.ts'
import { hash128 } from '../domain/hash.ts'
import type { StoreContext } from './context.ts'
import type { EventTypes } from './event-types.ts'
import { eventsByTraits } from './events-by-traits.ts'
import { idsOfPage } from './ids-of-page.ts'
import { inParts } from './in-parts.ts'
import { applyPage, countRows, firstOf, type ReadBounds } from './page.ts'
import type { Reading } from './reading.ts'
import { eventOfRow, hexBytes, idIn } from './rows.ts'
import type { Executor } from './schema.ts'
import { decodeEvents, EVENT_COLUMNS, selectEvents } from './select-events.ts'
import { readSettled } from './settled.ts'
import type { EventFilter, Page } from './store.ts'

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
  const events = context.db.selectFrom('event')
  const read = (listed: typeof events) =>
    listed
      .select(EVENT_COLUMNS)
      .orderBy('event.id', page.ascending ? 'asc' : 'desc')
      .execute(reading)
  const { eventType, from, to } = filter
  if (eventType === undefined && from === undefined && to === undefined) {
    return decodeEvents(context, await read(applyPage(events, 'event.id', page, top).limit(page.limit)))
  }
  const ids = await idsOfPage(context, filter, page, { top, reading })
  const last = ids.at(-1)
  if (last === undefined) return []
  const rows = await Promise.all(
    inParts(ids, QUERIES, FEW).map((part) => read(events.where(idIn('event.id', part)))),
  )
  const listed = rows.flat()
  // All were trimmed meanwhile: an empty page would be the last.
  if (listed.length === 0) return listPlain(context, filter, { ...page, mark: last }, { top, reading })
  return decodeEvents(context, listed)
}

/** Queries that read rows at once: those that lie far from each other may all have to come from disk. */
const QUERIES = 4
/** As many ids go into one query. */
const FEW = 50

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
