import { type SelectQueryBuilder, sql } from 'kysely'
import type { StoredEvent } from '../domain/event.ts'
import { hash128 } from '../domain/hash.ts'
import type { StoreContext } from './context.ts'
import type { EventTypes } from './event-types.ts'
import { applyPage } from './page.ts'
import { eventOfRow, hexBytes } from './rows.ts'
import type { Executor, Tables } from './schema.ts'
import type { EventFilter, Page } from './store.ts'

const EVENT_COLUMNS = [
  'event.id',
  'event.message_id',
  'event.generated',
  'event.event_type_id',
  'event.traits',
] as const

/** Entries of an index that are read and sorted in some 20 ms. */
const NARROW = 60_000

type Selected = SelectQueryBuilder<Tables, 'event', object>

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
  const direction = page.ascending ? 'asc' : 'desc'
  let listed = applyPage(matching, 'event.id', page).limit(page.limit)
  if (await isNarrow(context, filter, matching)) {
    // The sum keeps the server from going through events of all times in the order of their ids.
    const ids = await listed.select('event.id').orderBy(sql`event.id + 0`, direction).execute()
    if (ids.length === 0) return []
    listed = context.db.selectFrom('event').where(
      'event.id',
      'in',
      ids.map(({ id }) => id),
    )
  }
  const rows = await listed.select(EVENT_COLUMNS).orderBy('event.id', direction).execute()
  const types = await context.eventTypes.typesOf(
    context.db,
    rows.map(({ event_type_id }) => event_type_id),
  )
  return rows.map((row) => eventOfRow(row, types))
}

/** Whether a time range holds so few events that their ids are found fastest by the index of times. */
async function isNarrow({ db }: StoreContext, filter: EventFilter, matching: Selected): Promise<boolean> {
  if (filter.from === undefined && filter.to === undefined) return false
  const some = matching
    .select('event.id')
    .orderBy('event.generated')
    .limit(NARROW + 1)
  const row = await db
    .selectFrom(some.as('some'))
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(row.count) <= NARROW
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
