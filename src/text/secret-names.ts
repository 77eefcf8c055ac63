/** Names of fields, parameters and headers whose values are secrets, in any case. */
const NAMES = ['password', 'admin_?pass', 'authorization', 'secret', 'auth_key']

/** Ends of such names: `_context_auth_token`, `x-api-key`. */
const ENDS = ['token', 'api[-_]?key']

/** Source of a regular expression, to be used with the flag `i`, of a name that holds no quote and no backslash. */
export const SECRET_NAME = `(?:${NAMES.join('|')}|[^"\\\\]*(?:${ENDS.join('|')}))`

const WHOLE = new RegExp(`^${SECRET_NAME}$`, 'i')

/** Returns whether the value of a field, parameter, header or trait of this name must not be shown. */
export function isSecretName(name: string): boolean {
  return WHOLE.test(name)
}

/** What stands in place of a secret. */
export const MASK = '***'

/** Deeper values are not looked at: nothing that is logged has them. */
const DEEPEST = 6

/** Returns a value with the values of secret names masked; the same value where there are none. */
export function withoutSecretValues(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null || depth > DEEPEST) return value
  if (Array.isArray(value)) {
    const items = value.map((item) => withoutSecretValues(item, depth + 1))
    return items.some((item, index) => item !== value[index]) ? items : value
  }
  // Errors, dates and buffers are written in ways of their own.
  if (Object.getPrototypeOf(value) !== Object.prototype) return value
  const entries = Object.entries(value)
  const shown = entries.map(([name, inner]): [string, unknown] => [
    name,
    isSecretName(name) && inner !== undefined && inner !== null
      ? MASK
      : withoutSecretValues(inner, depth + 1),
  ])
  return shown.some(([, inner], index) => inner !== entries[index]?.[1]) ? Object.fromEntries(shown) : value
}
