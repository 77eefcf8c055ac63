import { InvalidError } from '../../domain/errors.ts'
import type { PluginParameters } from '../trait-plugin.ts'

/** Refuses parameters that a plugin does not know. */
export function requireKnown(parameters: PluginParameters, known: readonly string[]): void {
  for (const name of Object.keys(parameters)) {
    if (!known.includes(name)) {
      throw new InvalidError(`unknown parameter ${name}; expected ${known.join(', ') || 'none'}`)
    }
  }
}

/** A whole number, or the fallback where the parameter is absent or null. */
export function integerParameter<T>(parameters: PluginParameters, name: string, fallback: T): number | T {
  const value = parameters[name]
  if (value === undefined || value === null) return fallback
  if (!Number.isSafeInteger(value)) throw new InvalidError(`${name}: expected a whole number`)
  return value as number
}
