import type { StoredEvent } from '../../domain/event.ts'
import type { StoreContext } from '../context.ts'
import type { EventFilter, ReadLimits } from '../ports/queries.ts'
import { decodedEvent, type EventRow, idIn } from '../rows.ts'
import { type Listed, listedText, type WithText, withTexts } from './long-texts.ts'
import type { Reading } from './reading.ts'

// Shared by all queries that read events.

export const EVENT_COLUMNS = [
  'event.id',
  'event.message_id',
  'event.generated',
  'event.event_type_id',
  'event.traits',
] as const

/** The columns of a listed event; traits that are long are read later, when they are wanted. */
export const LISTED_COLUMNS = [
  'event.id',
  'event.message_id',
  'event.generated',
  'event.event_type_id',
  ...listedText('event.traits'),
] as const

export type ListedEvent = Omit<EventRow, 'traits'> & Listed

/** Yields the events of listed rows together with the rows, in portions of bounded size. */
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
    const types = await typesOfRows(context, portion)
    yield { events: portion.map((row) => decodedEvent(row, row.text, types)), rows: portion }
  }
}

/** Selects the events of a filter's times. */
export function selectTimes({ db }: StoreContext, { from, to }: EventFilter) {
  let selected = db.selectFrom('event')
  if (from !== undefined) selected = selected.where('event.generated', '>', from)
  if (to !== undefined) selected = selected.where('event.generated', '<=', to)
  return selected
}

/** Returns the ids of a filter's event types; undefined where it asks for none. */
export async function typesOfFilter(
  { eventTypes }: StoreContext,
  { eventType }: EventFilter,
): Promise<readonly number[] | undefined> {
  if (eventType === undefined) return undefined
  if (typeof eventType !== 'string') return eventTypes.matching(eventType)
  const type = await eventTypes.find(eventType)
  return type === undefined ? [] : [type]
}

/** Selects the events of a filter's types and times; returns undefined when no event has such a type. */
export async function selectEvents(context: StoreContext, filter: EventFilter) {
  const types = await typesOfFilter(context, filter)
  return types?.length === 0 ? undefined : selectTyped(context, filter, types)
}

/** Selects the events of a filter's times that have one of these types, or of all types. */
export function selectTyped(
  context: StoreContext,
  filter: EventFilter,
  types: readonly number[] | undefined,
) {
  const timed = selectTimes(context, filter)
  if (!types) return timed
  const [type] = types
  if (types.length === 1) return timed.where('event.event_type_id', '=', type as number)
  return timed.where(idIn('event.event_type_id', types))
}

/** Decodes rows into events, in their order. */
export async function decodeEvents(context: StoreContext, rows: readonly EventRow[]): Promise<StoredEvent[]> {
  const types = await typesOfRows(context, rows)
  return rows.map((row) => decodedEvent(row, row.traits, types))
}

function typesOfRows({ db, eventTypes }: StoreContext, rows: readonly Pick<EventRow, 'event_type_id'>[]) {
  return eventTypes.typesOf(
    db,
    rows.map(({ event_type_id }) => event_type_id),
  )
}
