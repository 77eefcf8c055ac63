import type { JsonValue } from '../domain/notification.ts'

/** A field that was found: its path, such as `payload.nics.[0].label`, and its value, which is never null. */
export type FieldMatch = readonly [path: string, value: JsonValue]

/**
 * Computes a trait's value from the fields of its definition. Also called when no field was found.
 *
 * @example
 * export class UpperCase {
 *   traitValue([first]) {
 *     return first && String(first[1]).toUpperCase()
 *   }
 * }
 */
export interface TraitPlugin {
  /** Returns the value, which is then converted to the trait's type; null or undefined for no trait. */
  traitValue(matches: readonly FieldMatch[]): JsonValue | undefined
}

/** Parameters of a plugin, as event_definitions.yaml has them. */
export type PluginParameters = { readonly [name: string]: unknown }

/** A plugin's class. The constructor throws when a parameter is wrong. */
export type TraitPluginClass = {
  new (parameters: PluginParameters): TraitPlugin
  /** names of the known parameters; each other one is reported as a warning */
  readonly parameters?: readonly string[]
}

/** Plugins by the name that definitions use. */
export type TraitPlugins = { readonly [name: string]: TraitPluginClass }
