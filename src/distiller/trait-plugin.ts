import type { JsonValue } from '../domain/notification.ts'

/** A field that was found: its path, such as `payload.nics.[0].label`, and its value, never null. */
export type FieldMatch = readonly [path: string, value: JsonValue]

/** Makes a trait's value of the fields of a definition; asked also when none was found. */
export interface TraitPlugin {
  /** The value, converted to the trait's type afterwards; null or undefined means that there is no trait. */
  traitValue(matches: readonly FieldMatch[]): JsonValue | undefined
}

/** The parameters of a plugin in event_definitions.yaml. */
export type PluginParameters = { readonly [name: string]: unknown }

/** Its constructor throws when the parameters are not what it takes. */
export type TraitPluginClass = {
  new (parameters: PluginParameters): TraitPlugin
  /** names of the parameters it knows; any others are warned of */
  readonly parameters?: readonly string[]
}

/** Plugins by the name that definitions call them by. */
export type TraitPlugins = { readonly [name: string]: TraitPluginClass }
