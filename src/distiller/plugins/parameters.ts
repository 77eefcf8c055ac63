import { InvalidError } from '../../domain/errors.ts'
import type { PluginParameters } from '../trait-plugin.ts'

/** A whole number, or the fallback where the parameter is absent or null. */
export function integerParameter<T>(parameters: PluginParameters, name: string, fallback: T): number | T {
  const value = parameters[name]
  if (value === undefined || value === null) return fallback
  if (!Number.isSafeInteger(value)) throw new InvalidError(`${name}: expected a whole number`)
  return value as number
}
