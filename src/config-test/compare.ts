import { withoutMarks } from '../config/documents/yaml-scalar.ts'
import { parseIso, parseMoment } from '../domain/time.ts'
import { stringifyJson } from '../text/json.ts'
import { didYouMean } from '../text/suggest.ts'
import type { Actual } from './run-test.ts'
import type { Expectation } from './test-schema.ts'

type Fields = { readonly [name: string]: unknown }

/**
 * Compares every expected field. Returns the differences, one line each with the path of the field.
 *
 * @example
 * compareWithExpected({ streams: [{ state: 'completed' }] }, actual)
 * // ['streams[0].state: expected "completed", got "active"']
 */
export function compareWithExpected(expected: Expectation, actual: Actual): string[] {
  return [
    ...compareLists('streams', expected.streams, actual.streams as readonly Fields[]),
    ...compareLists('events', expected.events, actual.events),
  ]
}

function compareLists(
  name: string,
  expected: readonly Fields[] | undefined,
  actual: readonly Fields[],
): string[] {
  if (!expected) return []
  if (expected.length !== actual.length) {
    const found = actual.map((fields) => `\n    ${stringifyJson(fields)}`).join('')
    return [`${name}: expected ${expected.length}, got ${actual.length}${found}`]
  }
  return expected.flatMap((fields, index) =>
    compareFields(`${name}[${index}]`, fields, actual[index] as Fields),
  )
}

function compareFields(where: string, expected: Fields, actual: Fields): string[] {
  return Object.entries(expected).flatMap(([name, raw]) => {
    const wanted = withoutMarks(raw)
    const found = actualValue(actual, name)
    const at = `${where}.${name}`
    if (found === undefined)
      return [`${at}: expected ${stringifyJson(wanted)}, got nothing${didYouMean(name, namesOf(actual))}`]
    if (isPlainObject(wanted) && isPlainObject(found) && !isEncoded(wanted))
      return compareFields(at, wanted, found)
    return equals(wanted, found)
      ? []
      : [`${at}: expected ${stringifyJson(wanted)}, got ${stringifyJson(found)}`]
  })
}

function namesOf(actual: Fields): string[] {
  const { traits } = actual
  return [...Object.keys(actual), ...(isPlainObject(traits) ? Object.keys(traits) : [])]
}

/** Returns a field of a stream or event. Traits of an event may stand beside its fields. */
function actualValue(actual: Fields, name: string): unknown {
  if (Object.hasOwn(actual, name)) return actual[name]
  const { traits } = actual
  return isPlainObject(traits) && Object.hasOwn(traits, name) ? traits[name] : undefined
}

/**
 * Whether two values are equal as they are, as encoded and plain form of the same value, or as the same time.
 */
function equals(wanted: unknown, found: unknown): boolean {
  const [a, b] = [plainOf(wanted), plainOf(found)]
  if (stringifyJson(a) === stringifyJson(b)) return true
  if (typeof a !== 'string' || typeof b !== 'string') return false
  const [x, y] = [parseMoment(a), parseMoment(b)]
  return x !== undefined && x.value === y?.value && x.rest === y.rest
}

/** Unwraps `{"__type__": …}` and `{"type": …, "value": …}` to the plain value. */
function plainOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainOf)
  if (!isPlainObject(value)) return value
  if ('datetime' in value) return value.datetime
  if ('begin' in value && 'end' in value) return [parseIso(String(value.begin)), parseIso(String(value.end))]
  if ('type' in value && 'value' in value) return value.value
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, inner]) => [name, plainOf(inner)])
      .sort(),
  )
}

function isEncoded(value: Fields): boolean {
  return '__type__' in value || 'type' in value || 'begin' in value
}

function isPlainObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
