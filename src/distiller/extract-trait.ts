import { InvalidError } from '../domain/errors.ts'
import type { JsonValue, Notification } from '../domain/notification.ts'
import type { Trait } from '../domain/trait.ts'
import { convertTrait } from './convert.ts'
import type { TraitDefinition } from './definition.ts'
import { fullPath, readablePath } from './path/match.ts'

/**
 * Extracts a trait from a notification; undefined when no field yields a value. Throws InvalidError that
 * names the trait.
 */
export function extractTrait(definition: TraitDefinition, notification: Notification): Trait | undefined {
  const { plugin, fields } = definition
  if (plugin) return extractByPlugin(definition, notification)
  for (const field of fields) {
    const value = field.findFirst(notification)
    const trait = value === undefined ? undefined : convertValue(definition, value)
    // An empty text is a value for text traits only: Nova writes '' for every time that it does not have.
    if (trait !== undefined) return trait
  }
  return undefined
}

function extractByPlugin(definition: TraitDefinition, notification: Notification): Trait | undefined {
  const matches = definition.fields
    .flatMap((field) => field.findAll(notification))
    .map((match) => [fullPath(match), match.value] as const)
  return naming(definition, () => {
    const value = definition.plugin?.traitValue(matches)
    return value === undefined || value === null ? undefined : convertTrait(value, definition.type)
  })
}

/**
 * Converts a field's value to the trait; undefined for an empty text where a number or a time is wanted.
 * Throws InvalidError that names the trait.
 */
export function convertValue(definition: TraitDefinition, value: JsonValue): Trait | undefined {
  return naming(definition, () => convertTrait(value, definition.type))
}

/** Runs work on a trait. Throws InvalidError that names the trait when the work throws. */
function naming<T>({ name }: TraitDefinition, work: () => T): T {
  try {
    return work()
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new InvalidError(`trait ${name}: ${message}`, { cause: error })
  }
}

/** Returns the path of the field that yields a trait's value; undefined when no field does. */
export function fieldOf(definition: TraitDefinition, notification: Notification): string | undefined {
  const isBlank = (value: JsonValue) => value === '' && definition.type !== 'text' && !definition.plugin
  for (const field of definition.fields) {
    const [match] = field.findAll(notification)
    if (match && !isBlank(match.value)) return readablePath(match)
  }
  return undefined
}
