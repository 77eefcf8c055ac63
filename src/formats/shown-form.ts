import { ENVELOPE_NAMES } from '../domain/event.ts'
import { maskSecrets, maskValue, maskValues } from '../text/mask-secrets.ts'
import { setOwn } from '../text/set-own.ts'
import type { RestEvent, RestStream, RestValue } from './rest-form.ts'
import type { TypedEvent, TypedTrait } from './typed-form.ts'

// The encoding of the REST API without secrets: what is shown to people and to programs that ask for a list.

/** Returns an event with the secrets in its traits masked. Its id, type and time stay as they are. */
export function shownEvent(event: RestEvent): RestEvent {
  // Most events have no secret and are not copied.
  let shown: { [name: string]: RestValue } | undefined
  for (const name in event) {
    const value = event[name] as RestValue
    const masked = maskValue(name, value)
    if (masked === value || ENVELOPE_NAMES.includes(name)) continue
    shown ??= { ...event }
    setOwn(shown, name, masked)
  }
  return (shown as RestEvent | undefined) ?? event
}

/** Returns an event of the typed form with the secrets in its traits masked. */
export function shownTypedEvent(event: TypedEvent): TypedEvent {
  const traits = Object.entries(event.traits).map(([name, trait]): [string, TypedTrait] => {
    const isMasked = 'value' in trait && !ENVELOPE_NAMES.includes(name)
    return [name, isMasked ? { ...trait, value: maskValue(name, trait.value) } : trait]
  })
  return { ...event, traits: Object.fromEntries(traits) }
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
