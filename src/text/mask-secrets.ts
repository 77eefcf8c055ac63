import { maskNamed, STEM } from './mask-named.ts'
import { ESCAPE, plainEscapes } from './plain-escapes.ts'
import { isOpenValue, isSecretName, MASK } from './secret-names.ts'
import { maskShapes, SHAPE_STEM } from './secret-shapes.ts'

/** Something of which every secret in a text has one: most texts have none and need one look only. */
const TRACE = new RegExp([ESCAPE, STEM, SHAPE_STEM].map(({ source }) => source).join('|'), 'i')

/**
 * Replaces the secrets in a text by `***`: the values of secret names, in JSON (at any depth of JSON within
 * JSON), in Python's form, in headers, options and queries; and what is a secret by its form. The text may be
 * cut off or invalid; the time is proportional to its length, whatever it holds.
 *
 * @example
 * maskSecrets('{"password": "abc", "host": "c1"}') // '{"password": "***", "host": "c1"}'
 */
export function maskSecrets(text: string): string {
  if (!TRACE.test(text)) return text
  const plain = plainEscapes(text)
  if (plain === undefined) return MASK
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
