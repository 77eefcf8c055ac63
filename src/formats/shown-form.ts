import { ENVELOPE_NAMES } from '../domain/event.ts'
import { maskSecrets, maskValue, maskValues } from '../text/mask-secrets.ts'
import type { RestEvent, RestStream, RestValue } from './rest-form.ts'

// The encoding of the REST API without secrets: what is shown to people and to programs that ask for a list.

/** Returns an event with the secrets in its traits masked. Its id, type and time stay as they are. */
export function shownEvent(event: RestEvent): RestEvent {
  const names = Object.keys(event).filter((name) => !ENVELOPE_NAMES.includes(name))
  const masked = (name: string) => maskValue(name, event[name] as RestValue)
  // Most events have no secret and are not copied.
  if (names.every((name) => masked(name) === event[name])) return event
  return { ...event, ...Object.fromEntries(names.map((name) => [name, masked(name)])) }
}

/** Returns a stream with the secrets in its distinguishing traits, in its last error and in its events masked. */
export function shownStream(stream: RestStream): RestStream {
  return {
    ...stream,
    distinguishing_traits: maskValues(stream.distinguishing_traits),
    ...(stream.last_error === undefined ? {} : { last_error: maskSecrets(stream.last_error) }),
    ...(stream.events ? { events: stream.events.map(shownEvent) } : {}),
  }
}
