import { InvalidError } from '../domain/errors.ts'
import type { JsonValue, Notification } from '../domain/notification.ts'
import type { Trait, TraitType } from '../domain/trait.ts'
import { isSecretName } from '../text/secret-names.ts'
import { convertTrait } from './convert.ts'
import type { TraitDefinition } from './definition.ts'
import type { Path } from './path/compile-path.ts'
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
    const trait =
      value === undefined ? undefined : convertOf(definition, value, () => isFromSecret(field, notification))
    // An empty text is a value for text traits only: Nova writes '' for every time that it does not have.
    if (trait !== undefined) return trait
  }
  return undefined
}

function extractByPlugin(definition: TraitDefinition, notification: Notification): Trait | undefined {
  const matches = definition.fields
    .flatMap((field) => field.findAll(notification))
    .map((match) => [fullPath(match), match.value] as const)
  const isSecret = () => matches.some(([path]) => isSecretPath(path))
  return naming(definition, isSecret, () => {
    const value = definition.plugin?.traitValue(matches)
    return value === undefined || value === null ? undefined : convertTrait(value, definition.type)
  })
}

/**
 * Converts the value of a trait's first field that is present to the trait; undefined for an empty text where
 * a number or a time is wanted. Throws InvalidError that names the trait.
 */
export function convertValue(definition: TraitDefinition, value: JsonValue): Trait | undefined {
  return convertOf(definition, value, () =>
    definition.fields.some(({ names }) => names !== undefined && isSecretPath(names.join('.'))),
  )
}

function convertOf(
  definition: TraitDefinition,
  value: JsonValue,
  isSecret: () => boolean,
): Trait | undefined {
  return naming(definition, isSecret, () => convertTrait(value, definition.type), value)
}

/**
 * Runs work on a trait. Throws InvalidError that names the trait when the work throws. The error says nothing
 * of the value but its type where the names of the trait or of its field are those of secrets.
 */
function naming<T>(
  { name, type }: TraitDefinition,
  isSecret: () => boolean,
  work: () => T,
  value?: JsonValue,
): T {
  try {
    return work()
  } catch (error) {
    if (isSecretName(name) || isSecret()) {
      // Without the cause, whose message holds the value.
      throw new InvalidError(`trait ${name}: a secret value${kindOf(value)} cannot become ${WANTED[type]}`)
    }
    const message = error instanceof Error ? error.message : String(error)
    throw new InvalidError(`trait ${name}: ${message}`, { cause: error })
  }
}

const WANTED: { readonly [type in TraitType]: string } = {
  text: 'a text',
  int: 'an integer',
  float: 'a finite number',
  datetime: 'an ISO 8601 time',
}

function kindOf(value: JsonValue | undefined): string {
  if (value === undefined) return ''
  if (Array.isArray(value)) return ' (a list)'
  if (typeof value === 'string') return ' (a text)'
  return typeof value === 'bigint'
    ? ' (a number)'
    : ` (${typeof value === 'object' ? 'an object' : `a ${typeof value}`})`
}

function isFromSecret(field: Path, notification: Notification): boolean {
  const [match] = field.findAll(notification)
  return match !== undefined && isSecretPath(fullPath(match))
}

/** Whether a step of a path to a value has the name of a secret: `payload.credentials.user`. */
function isSecretPath(path: string): boolean {
  return path.split('.').some(isSecretName)
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
