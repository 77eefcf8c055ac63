import { maskNamed } from './mask-named.ts'
import { plainEscapes } from './plain-escapes.ts'
import { plainNames, UNUSUAL } from './plain-names.ts'
import { isOpenValue, isSecretName, MASK, STEM } from './secret-names.ts'
import { maskShapes, SHAPE_STEMS } from './secret-shapes.ts'

/** What numbers, ids and times do not have, names of event types, and words without options. */
const NOT_OF_IDS = /[^\da-fTZ:. +-]/
const NOT_OF_TYPES = /[^a-z_.]/
const NOT_OF_WORDS = /[^\w. -]|(?:^| )-/
/** Fewer characters than in any token. */
const SHORT = 12

/** Whether a text is one of those that are most of an event and hold no secret. */
function isHarmless(text: string): boolean {
  if (!NOT_OF_IDS.test(text) || !NOT_OF_TYPES.test(text)) return true
  return text.length <= SHORT && !NOT_OF_WORDS.test(text)
}

/** An escape, behind which something else may stand, or a part of a secret name. */
const NAME_STEM = new RegExp(`\\\\[ubfnrt]|${STEM.source}`, 'i')

/** Something of which every secret in a text has one: most texts have none and need one look only. */
const TRACES: readonly RegExp[] = [NAME_STEM, UNUSUAL, ...SHAPE_STEMS]

function mayHoldSecret(text: string): boolean {
  if (isHarmless(text)) return false
  for (const trace of TRACES) if (trace.test(text)) return true
  return false
}

/**
 * Replaces the secrets in a text by `***`: the values of secret names, in JSON (at any depth of JSON within
 * JSON), in Python's form, in headers, options and queries; and what is a secret by its form. The text may be
 * cut off or invalid; the time is proportional to its length, whatever it holds.
 *
 * @example
 * maskSecrets('{"password": "abc", "host": "c1"}') // '{"password": "***", "host": "c1"}'
 */
export function maskSecrets(text: string): string {
  if (!mayHoldSecret(text)) return text
  const escaped = plainEscapes(text)
  if (escaped === undefined) return MASK
  const plain = plainNames(escaped)
  const masked = maskShapes(maskNamed(plain))
  return masked === plain ? text : masked
}

/**
 * Returns values by name, with those of secret names masked and the secrets in texts too; the same object
 * where there are none.
 */
export function maskValues<T>(values: { readonly [name: string]: T }): {
  readonly [name: string]: T | string
} {
  const masked = Object.entries(values).map(([name, value]): [string, T | string] => [
    name,
    maskValue(name, value),
  ])
  return masked.every(([name, value]) => value === values[name]) ? values : Object.fromEntries(masked)
}

/** Returns a value of a name as it may be shown. */
export function maskValue<T>(name: string, value: T): T | string {
  if (value === null || value === undefined || typeof value === 'boolean') return value
  if (isSecretName(name)) return typeof value !== 'object' && isOpenValue(name, String(value)) ? value : MASK
  return typeof value === 'string' ? maskSecrets(value) : value
}
