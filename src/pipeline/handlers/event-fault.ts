import { LONGEST_NAME } from '../../domain/event.ts'
import { instantFromMicros, isWritable } from '../../domain/time.ts'

const TYPES: { readonly [type: string]: (value: unknown) => boolean } = {
  text: (value) => typeof value === 'string',
  int: (value) =>
    typeof value === 'bigint' ? BigInt.asIntN(64, value) === value : Number.isSafeInteger(value),
  float: (value) => Number.isFinite(value),
  datetime: isMicros,
  none: (value) => value === null,
}

/** Returns why a value that a handler made cannot be stored as an event; undefined when it can. */
export function eventFault(made: unknown): string | undefined {
  if (!isObject(made)) return 'it is no object'
  const { messageId, eventType, timestamp, timestampRest, traits } = made
  if (!isName(messageId)) return `its messageId is no text of 1 to ${LONGEST_NAME} characters`
  if (!isName(eventType)) return `its eventType is no text of 1 to ${LONGEST_NAME} characters`
  if (!isMicros(timestamp) || !isRest(timestampRest))
    return 'its timestamp is no integer of microseconds since 1970'
  if (!isObject(traits)) return 'its traits are no object'
  for (const [name, trait] of Object.entries(traits)) {
    if (!isTrait(trait)) {
      return `its trait ${name} is no {type, value} of the types ${Object.keys(TYPES).join(', ')}`
    }
  }
  return undefined
}

function isTrait(trait: unknown): boolean {
  if (!isObject(trait) || typeof trait.type !== 'string' || !Object.hasOwn(TYPES, trait.type)) return false
  return isRest(trait.rest) && (TYPES[trait.type]?.(trait.value) ?? false)
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && value.length <= LONGEST_NAME
}

/** Whether a value is a time of the years 1 to 9999. In far years a double is rounded. */
function isMicros(value: unknown): boolean {
  return Number.isInteger(value) && isWritable(instantFromMicros(value as number))
}

/** Whether a value is what the double of a time may lack; see Moment. */
function isRest(value: unknown): boolean {
  return value === undefined || (Number.isInteger(value) && Math.abs(value as number) <= 32)
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
