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

/**
 * A class of plugins; its constructor throws when a parameter is wrong.
 *
 *     export class Shout {
 *       static schema = { properties: { mark: { type: 'string', default: '!', description: 'what is put behind' } } }
 *       constructor({ mark = '!' }) { this.mark = mark }
 *       traitValue([first]) { return first && `${first[1]}${this.mark}` }
 *     }
 */
export type TraitPluginClass = {
  new (parameters: PluginParameters): TraitPlugin
  /** What it does, for the reference pages. */
  readonly description?: string
  /** JSON Schema of the parameters; those that it does not have are warned of. */
  readonly schema?: PluginSchema
  /** Names of the parameters, for a class without a schema. */
  readonly parameters?: readonly string[]
}

export type PluginSchema = {
  readonly properties: { readonly [name: string]: { readonly [keyword: string]: unknown } }
}

/** Plugins by the name that definitions use. */
export type TraitPlugins = { readonly [name: string]: TraitPluginClass }
