import type { StoredEvent } from '../../domain/event.ts'
import type { StoreContext } from '../context.ts'
import type { EventFilter, ReadLimits } from '../ports/queries.ts'
import { type EventRow, eventOfRow, idIn } from '../rows.ts'
import { type Listed, listedText, type WithText, withTexts } from './long-texts.ts'
import type { Reading } from './reading.ts'

// What every way of reading events has in common.

export const EVENT_COLUMNS = [
  'event.id',
  'event.message_id',
  'event.generated',
  'event.event_type_id',
  'event.traits',
] as const

/** The same, but for traits that are long: those are read when they are wanted. */
export const LISTED_COLUMNS = [
  'event.id',
  'event.message_id',
  'event.generated',
  'event.event_type_id',
  ...listedText('event.traits'),
] as const

export type ListedEvent = Omit<EventRow, 'traits'> & Listed

/** The events of listed rows, with their bytes, in portions of bounded size. */
export async function* eventsOfListed(
  context: StoreContext,
  rows: readonly ListedEvent[],
  limits: ReadLimits,
  reading: Reading,
): AsyncGenerator<{ events: StoredEvent[]; rows: readonly WithText<ListedEvent>[] }> {
  const read = (ids: readonly number[]) =>
    context.db
      .selectFrom('event')
      .select(['event.id', 'event.traits as text'])
      .where(idIn('event.id', ids))
      .execute(reading)
  for await (const portion of withTexts(rows, read, limits)) {
    const events = await decodeEvents(
      context,
      portion.map(({ id, message_id, generated, event_type_id, text }) => ({
        id,
        message_id,
        generated,
        event_type_id,
        traits: text,
      })),
    )
    yield { events, rows: portion }
  }
}

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
