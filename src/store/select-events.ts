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

/** The events of a filter's times. */
export function selectTimes({ db }: StoreContext, { from, to }: EventFilter) {
  let selected = db.selectFrom('event')
  if (from !== undefined) selected = selected.where('event.generated', '>', from)
  if (to !== undefined) selected = selected.where('event.generated', '<=', to)
  return selected
}

/** The events that a filter means; undefined when its event type was never seen. */
export async function selectEvents(context: StoreContext, filter: EventFilter) {
  const timed = selectTimes(context, filter)
  if (filter.eventType === undefined) return timed
  const type = await context.eventTypes.find(filter.eventType)
  return type === undefined ? undefined : timed.where('event.event_type_id', '=', type)
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
