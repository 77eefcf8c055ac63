import { InvalidError } from '../domain/errors.ts'
import type { JsonValue, Notification } from '../domain/notification.ts'
import type { Trait } from '../domain/trait.ts'
import { convertTrait } from './convert.ts'
import type { TraitDefinition } from './definition.ts'
import { fullPath, readablePath } from './path/match.ts'

/** The trait as the notification has it; undefined when no field yields a value. Throws InvalidError that names it. */
export function extractTrait(definition: TraitDefinition, notification: Notification): Trait | undefined {
  const { plugin, fields } = definition
  if (plugin) return extractByPlugin(definition, notification)
  for (const field of fields) {
    const value = field.findFirst(notification)
    const trait = value === undefined ? undefined : convertValue(definition, value)
    // A blank is nothing but for text: Nova writes '' for every time that it does not have.
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

/** A value of a field as the trait; undefined where it is none. Throws InvalidError that names the trait. */
export function convertValue(definition: TraitDefinition, value: JsonValue): Trait | undefined {
  return naming(definition, () => convertTrait(value, definition.type))
}

/** Whatever fails says which trait it was. */
function naming<T>({ name }: TraitDefinition, work: () => T): T {
  try {
    return work()
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new InvalidError(`trait ${name}: ${message}`, { cause: error })
  }
}

/** The path of the field whose value a trait was made of; undefined when there was none. */
export function fieldOf(definition: TraitDefinition, notification: Notification): string | undefined {
  const isBlank = (value: JsonValue) => value === '' && definition.type !== 'text' && !definition.plugin
  for (const field of definition.fields) {
    const [match] = field.findAll(notification)
    if (match && !isBlank(match.value)) return readablePath(match)
  }
  return undefined
}
