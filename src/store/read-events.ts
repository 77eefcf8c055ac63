import type { StoredEvent } from '../domain/event.ts'
import { hash128 } from '../domain/hash.ts'
import type { StoreContext } from './context.ts'
import type { EventTypes } from './event-types.ts'
import { applyPage } from './page.ts'
import { eventOfRow, hexBytes } from './rows.ts'
import type { Executor } from './schema.ts'
import type { EventFilter, Page } from './store.ts'

const EVENT_COLUMNS = [
  'event.id',
  'event.message_id',
  'event.generated',
  'event.event_type_id',
  'event.traits',
] as const

/** The events of streams, each in order of (timestamp, id). */
export async function eventsOfStreams(
  db: Executor,
  eventTypes: EventTypes,
  streamIds: readonly number[],
): Promise<Map<number, StoredEvent[]>> {
  const events = new Map<number, StoredEvent[]>(streamIds.map((id) => [id, []]))
  if (streamIds.length === 0) return events
  const rows = await db
    .selectFrom('stream_event')
    .innerJoin('event', 'event.id', 'stream_event.event_id')
    .select([...EVENT_COLUMNS, 'stream_event.stream_id'])
    .where('stream_event.stream_id', 'in', streamIds)
    .execute()
  // Sorted here: the server would sort the rows of all streams, traits included, in a temporary table.
  rows.sort((a, b) => a.generated - b.generated || a.id - b.id)
  const types = await eventTypes.typesOf(
    db,
    rows.map(({ event_type_id }) => event_type_id),
  )
  for (const row of rows) events.get(row.stream_id)?.push(eventOfRow(row, types))
  return events
}

export async function listEvents(
  context: StoreContext,
  filter: EventFilter,
  page: Page,
): Promise<StoredEvent[]> {
  const matching = await selectEvents(context, filter)
  if (!matching) return []
  const rows = await applyPage(matching, 'event.id', page)
    .select(EVENT_COLUMNS)
    .orderBy('event.id', page.ascending ? 'asc' : 'desc')
    .limit(page.limit)
    .execute()
  const types = await context.eventTypes.typesOf(
    context.db,
    rows.map(({ event_type_id }) => event_type_id),
  )
  return rows.map((row) => eventOfRow(row, types))
}

/** How many events there are beyond the mark, whatever the page's limit. */
export async function countEvents(context: StoreContext, filter: EventFilter, page: Page): Promise<number> {
  const matching = await selectEvents(context, filter)
  if (!matching) return 0
  const row = await applyPage(matching, 'event.id', page)
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(row.count)
}

/** The events that a filter means; undefined when its event type was never seen. */
async function selectEvents({ db, eventTypes }: StoreContext, filter: EventFilter) {
  let selected = db.selectFrom('event')
  if (filter.eventType !== undefined) {
    const type = await eventTypes.find(filter.eventType)
    if (type === undefined) return undefined
    selected = selected.where('event.event_type_id', '=', type)
  }
  if (filter.from !== undefined) selected = selected.where('event.generated', '>', filter.from)
  if (filter.to !== undefined) selected = selected.where('event.generated', '<=', filter.to)
  return selected
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
