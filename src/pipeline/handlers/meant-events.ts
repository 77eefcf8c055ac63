import type { Event } from '../../domain/event.ts'
import { compileEventTypeFilter, type EventTypePatterns } from '../../text/event-type-filter.ts'

/** Compiles the parameter event_types into a filter: it takes events and returns those whose types match. */
export function compileMeantEvents(
  patterns: EventTypePatterns,
): (events: readonly Event[]) => readonly Event[] {
  const isMeant = compileEventTypeFilter(patterns)
  return (events) => events.filter(({ eventType }) => isMeant(eventType))
}
