import { YamlScalar } from '../config/documents/yaml-scalar.ts'
import { InvalidError } from '../domain/errors.ts'
import type { Event } from '../domain/event.ts'
import { type Moment, parseMoment } from '../domain/time.ts'
import { intTrait, type Trait } from '../domain/trait.ts'
import { parseTypedTrait } from '../formats/typed-form.ts'

type Fields = { readonly [name: string]: unknown }

/**
 * Builds the event of a step from its message_id, event_type and timestamp. Traits stand beside them as plain
 * values, or below `traits` with their types.
 *
 * Returns undefined when one of the three is missing: such an event is refused, as a message would be. Throws
 * InvalidError for a value that cannot be a trait.
 */
export function parseTestEvent(fields: Fields): Event | undefined {
  const { message_id, event_type, timestamp, traits, missing, ...rest } = fields
  const absent: readonly unknown[] = Array.isArray(missing) ? missing : []
  if (absent.length === 0 && missing !== undefined) Object.assign(rest, { missing })
  const time = timeOf(timestamp)
  const isComplete = typeof message_id === 'string' && typeof event_type === 'string' && time !== undefined
  if (
    !isComplete ||
    absent.some((name) => name === 'message_id' || name === 'event_type' || name === 'timestamp')
  ) {
    return undefined
  }
  return {
    messageId: message_id,
    eventType: event_type,
    timestamp: time.value,
    ...(time.rest === undefined ? {} : { timestampRest: time.rest }),
    traits: Object.fromEntries([
      ...Object.entries(rest).map(([name, value]) => [name, plainTrait(name, value)] as const),
      ...Object.entries((traits ?? {}) as Fields).map(
        ([name, value]) => [name, explicitTrait(name, value)] as const,
      ),
    ]),
  }
}

function timeOf(value: unknown): Moment | undefined {
  const text = value instanceof YamlScalar ? value.text : value
  return typeof text === 'string' ? parseMoment(text) : undefined
}

/** Converts a plain YAML value: an unquoted time is a datetime, 3 an int, 3.0 a float, null none. */
function plainTrait(name: string, value: unknown): Trait {
  if (value instanceof YamlScalar) {
    if (value.kind === 'float') return { type: 'float', value: value.plain as number }
    const time = timeOf(value)
    if (time !== undefined) return { type: 'datetime', ...time }
  }
  if (value === null) return { type: 'none', value: null }
  if (typeof value === 'string') return { type: 'text', value }
  if (typeof value === 'boolean') return { type: 'int', value: Number(value) }
  if (typeof value === 'number') {
    const int = Number.isInteger(value) ? intTrait(value) : undefined
    return int ?? { type: 'float', value }
  }
  throw new InvalidError(
    `trait ${name}: expected a text, a number, a time or null, or a type and value under traits`,
  )
}

function explicitTrait(name: string, typed: unknown): Trait {
  const { type, value } = (typed ?? {}) as { type?: unknown; value?: unknown }
  return parseTypedTrait(name, { type, value: value instanceof YamlScalar ? value.plain : value })
}
