import type { StoredEvent } from '../../domain/event.ts'
import { hash128 } from '../../domain/hash.ts'
import type { StoreContext } from '../context.ts'
import type { EventTypes } from '../event-types.ts'
import type { EventFilter, Page, ReadLimits } from '../ports/queries.ts'
import { eventOfRow, hexBytes, idIn } from '../rows.ts'
import type { Executor } from '../schema/schema.ts'
import { eventsByTraits } from './events-by-traits.ts'
import { idsOfPage } from './ids-of-page.ts'
import { inParts } from './in-parts.ts'
import { fitting } from './long-texts.ts'
import { applyPage, countRows, firstOf, type ReadBounds } from './page.ts'
import type { Reading } from './reading.ts'
import {
  EVENT_COLUMNS,
  eventsOfListed,
  LISTED_COLUMNS,
  type ListedEvent,
  selectEvents,
} from './select-events.ts'
import { readVisible } from './visible-page.ts'

/** Reads the events of streams by stream id, each list in order of (timestamp, id). */
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
  rows.sort(byTime)
  const types = await eventTypes.typesOf(
    db,
    rows.map(({ event_type_id }) => event_type_id),
  )
  for (const row of rows) events.get(row.stream_id)?.push(eventOfRow(row, types))
  return events
}

/** Reads the events of one stream in order of (timestamp, id), in portions of bounded size. */
export async function* eventsOfStream(
  context: StoreContext,
  id: number,
  limits: ReadLimits,
  reading: Reading = {},
): AsyncGenerator<StoredEvent[]> {
  const members = context.db
    .selectFrom('stream_event')
    .innerJoin('event', 'event.id', 'stream_event.event_id')
    .where('stream_event.stream_id', '=', id)
  const some = await members
    .select(LISTED_COLUMNS)
    .limit(AT_A_TIME + 1)
    .execute(reading)
  if (some.length <= AT_A_TIME) return yield* inOrder(some)
  const all = await members.select(['event.id', 'event.generated']).execute(reading)
  all.sort(byTime)
  for (let start = 0; start < all.length; start += AT_A_TIME) {
    const ids = all.slice(start, start + AT_A_TIME).map((one) => one.id)
    const rows = context.db.selectFrom('event').select(LISTED_COLUMNS).where(idIn('event.id', ids))
    yield* inOrder(await rows.execute(reading))
  }

  async function* inOrder(rows: ListedEvent[]): AsyncGenerator<StoredEvent[]> {
    rows.sort(byTime)
    for await (const { events } of eventsOfListed(context, rows, limits, reading)) yield events
  }
}

type Timed = { readonly id: number; readonly generated: number }

function byTime(a: Timed, b: Timed): number {
  return a.generated - b.generated || a.id - b.id
}

/** Events of a stream that one query reads; most streams have fewer. */
const AT_A_TIME = 1000

export function listEvents(
  context: StoreContext,
  filter: EventFilter,
  page: Page,
  reading: Reading = {},
): Promise<StoredEvent[]> {
  const read = (top: number) =>
    filter.traits?.length
      ? firstOf(eventsByTraits(context, filter, page, { top, reading }), page.limit)
      : listPlain(context, filter, page, { top, reading })
  return page.mayMissNewest ? read(Number.MAX_SAFE_INTEGER) : readVisible(context, 'event', read)
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
      .select(LISTED_COLUMNS)
      .orderBy('event.id', page.ascending ? 'asc' : 'desc')
      .execute(reading)
  const { eventType, from, to } = filter
  if (eventType === undefined && from === undefined && to === undefined) {
    return ofPage(await read(applyPage(events, 'event.id', page, top).limit(page.limit)))
  }
  const ids = await idsOfPage(context, filter, page, { top, reading })
  const last = ids.at(-1)
  if (last === undefined) return []
  const rows = await Promise.all(
    inParts(ids, QUERIES, FEW).map((part) => read(events.where(idIn('event.id', part)))),
  )
  // All rows were trimmed meanwhile: an empty page would end the list.
  if (rows.flat().length === 0) return listPlain(context, filter, { ...page, mark: last }, { top, reading })
  return ofPage(rows.flat())

  async function ofPage(listed: readonly ListedEvent[]): Promise<StoredEvent[]> {
    const first = fitting(listed, page)
    const found: StoredEvent[] = []
    for await (const { events } of eventsOfListed(context, first, page, reading)) found.push(...events)
    const end = first.at(-1)
    if (found.length > 0 || !end) return found
    return listPlain(context, filter, { ...page, mark: end.id }, { top, reading })
  }
}

/** Queries that read rows at the same time: rows that lie far apart may all have to come from disk. */
const QUERIES = 4
/** Fewest ids per query, where there are as many. */
const FEW = 50

/** Counts the events beyond the page's mark, whatever the page's limit. */
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
  context: StoreContext,
  messageId: string,
  limits: ReadLimits = {},
): Promise<StoredEvent | undefined> {
  const rows = await context.db
    .selectFrom('event')
    .select(LISTED_COLUMNS)
    .where('event.message_hash', '=', hexBytes(hash128(messageId)))
    .execute()
  for await (const { events } of eventsOfListed(context, rows, limits, {})) return events[0]
  return undefined
}
