import type { StoredEvent } from '../domain/event.ts'
import type { StoreContext } from './context.ts'
import { type EventRow, eventOfRow } from './rows.ts'
import type { EventFilter } from './store.ts'

// What every way of reading events has in common.

export const EVENT_COLUMNS = [
  'event.id',
  'event.message_id',
  'event.generated',
  'event.event_type_id',
  'event.traits',
] as const

/** The events that a filter means; undefined when its event type was never seen. */
export async function selectEvents({ db, eventTypes }: StoreContext, filter: EventFilter) {
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

/** Events of rows, in their order. */
export async function decodeEvents(
  { db, eventTypes }: StoreContext,
  rows: readonly EventRow[],
): Promise<StoredEvent[]> {
  const types = await eventTypes.typesOf(
    db,
    rows.map(({ event_type_id }) => event_type_id),
  )
  return rows.map((row) => eventOfRow(row, types))
}
