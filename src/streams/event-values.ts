import { type Event, momentOf } from '../domain/event.ts'
import { instantFromMoment } from '../domain/time.ts'
import type { Trait } from '../domain/trait.ts'
import type { Variables } from '../timex/evaluate.ts'

/** Returns a trait by name. event_type, message_id and timestamp are always those of the event itself. */
export function traitOf(event: Event, name: string): Trait | undefined {
  switch (name) {
    case 'timestamp':
      return { type: 'datetime', ...momentOf(event) }
    case 'event_type':
      return { type: 'text', value: event.eventType }
    case 'message_id':
      return { type: 'text', value: event.messageId }
    default:
      return Object.hasOwn(event.traits, name) ? event.traits[name] : undefined
  }
}

/** Returns the datetime traits of an event and its timestamp, as variables for time expressions. */
export function timeVariables(event: Event): Variables {
  const variables: { [name: string]: Variables[string] } = {}
  for (const [name, trait] of Object.entries(event.traits)) {
    if (trait.type === 'datetime') variables[name] = trait.rest ? instantFromMoment(trait) : trait.value
  }
  const { timestamp, timestampRest } = event
  return { ...variables, timestamp: timestampRest ? instantFromMoment(momentOf(event)) : timestamp }
}
