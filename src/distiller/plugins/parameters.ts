import { InvalidError } from '../../domain/errors.ts'
import { INTEGER_TEXT } from '../../domain/number-text.ts'
import type { PluginParameters } from '../trait-plugin.ts'

/**
 * Reads a parameter that is a whole number, or a text of one such as `"1"`; returns the fallback where it is
 * absent or null. Throws InvalidError.
 */
export function integerParameter<T>(parameters: PluginParameters, name: string, fallback: T): number | T {
  const value = parameters[name]
  if (value === undefined || value === null) return fallback
  const number = typeof value === 'string' && INTEGER_TEXT.test(value.trim()) ? Number(value) : value
  if (!Number.isSafeInteger(number)) throw new InvalidError(`${name}: expected a whole number`)
  return number as number
}
