import { InvalidError } from '../../domain/errors.ts'
import type { PluginParameters } from '../trait-plugin.ts'

/**
 * Reads a parameter that is a whole number; returns the fallback where it is absent or null. Throws
 * InvalidError.
 */
export function integerParameter<T>(parameters: PluginParameters, name: string, fallback: T): number | T {
  const value = parameters[name]
  if (value === undefined || value === null) return fallback
  if (!Number.isSafeInteger(value)) throw new InvalidError(`${name}: expected a whole number`)
  return value as number
}
