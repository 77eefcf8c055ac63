import type { Event } from '../../domain/event.ts'
import { compileEventTypeFilter, type EventTypePatterns } from '../../text/event-type-filter.ts'

type WithEventTypes = { readonly event_types?: EventTypePatterns | null }

/** Compiled once for all runs of a step of a pipeline: their parameters are one object. */
const filters = new WeakMap<WithEventTypes, (eventType: string) => boolean>()

/** The events that the parameter event_types means; all without it. */
export function meantEvents(events: readonly Event[], params: WithEventTypes): readonly Event[] {
  const isMeant = filters.get(params) ?? compileEventTypeFilter(params.event_types ?? '*')
  filters.set(params, isMeant)
  return events.filter(({ eventType }) => isMeant(eventType))
}
