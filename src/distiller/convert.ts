import { InvalidError } from '../domain/errors.ts'
import type { JsonValue } from '../domain/notification.ts'
import { FLOAT_TEXT, INTEGER_TEXT } from '../domain/number-text.ts'
import { parseIso, parseMoment } from '../domain/time.ts'
import { intTrait, type Trait, type TraitType } from '../domain/trait.ts'
import { stringifyJson } from '../text/json.ts'

/**
 * Converts a value of a notification to a trait of the given type; undefined for an empty text where a number
 * or a time is wanted. Numbers are parsed like Python's int() and float() do. Throws InvalidError.
 */
export function convertTrait(value: JsonValue, type: TraitType): Trait | undefined {
  if (type === 'text') return { type, value: textOf(value) }
  if (value === '') return undefined
  switch (type) {
    case 'int':
      return convertInt(value)
    case 'float':
      return convertFloat(value)
    case 'datetime':
      return convertDatetime(value)
  }
}

/** Returns the text of a value: booleans as True and False, lists and objects as JSON. */
export function textOf(value: JsonValue): string {
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  return typeof value === 'object' ? stringifyJson(value) : String(value)
}

function fail(value: JsonValue, expected: string): InvalidError {
  // JSON has no name for Infinity, which a number such as 1e999 is read as.
  const text = typeof value === 'number' ? String(value) : stringifyJson(value)
  const shown = text.length > 100 ? `${text.slice(0, 100)}…` : text
  return new InvalidError(`${shown} is not ${expected}`)
}

function convertInt(value: JsonValue): Trait {
  // Adding 0 turns -0 into 0.
  if (Number.isSafeInteger(value)) return { type: 'int', value: (value as number) + 0 }
  const integer = integerOf(value)
  if (integer === undefined) throw fail(value, 'an integer')
  const trait = intTrait(integer)
  if (!trait) throw fail(value, 'in the range of 64-bit integers')
  return trait
}

function integerOf(value: JsonValue): number | bigint | undefined {
  if (typeof value === 'bigint') return value
  if (typeof value === 'boolean') return Number(value)
  if (typeof value === 'number') return Number.isFinite(value) ? BigInt(Math.trunc(value)) : undefined
  if (typeof value !== 'string') return undefined
  const digits = value.trim()
  return INTEGER_TEXT.test(digits) ? BigInt(digits.replace(/^\+/, '')) : undefined
}

function convertFloat(value: JsonValue): Trait {
  const float = floatOf(value)
  if (float === undefined || !Number.isFinite(float)) throw fail(value, 'a finite number')
  return { type: 'float', value: float }
}

function floatOf(value: JsonValue): number | undefined {
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return Number(value)
  if (typeof value !== 'string') return undefined
  const digits = value.trim()
  return FLOAT_TEXT.test(digits) ? Number(digits) : undefined
}

function convertDatetime(value: JsonValue): Trait {
  const time = typeof value === 'string' ? parseIso(value) : undefined
  if (time === undefined) throw fail(value, 'an ISO 8601 time')
  if (Number.isSafeInteger(time)) return { type: 'datetime', value: time }
  return { type: 'datetime', value: time, ...parseMoment(value as string) }
}
