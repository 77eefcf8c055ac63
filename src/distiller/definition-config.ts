import type { TraitType } from '../domain/trait.ts'
import type { EventTypePatterns } from '../text/event-type-filter.ts'
import type { PluginParameters } from './trait-plugin.ts'

/** A plugin's name, or its name and parameters. */
export type PluginConfig =
  | string
  | { readonly name: string; readonly parameters?: PluginParameters | null | undefined }

/** Type of traits that name none. */
export const DEFAULT_TYPE: TraitType = 'text'

/** One trait of an event definition. The type is text where none is given. */
export type TraitDefinitionConfig = {
  /** field paths in order of preference */
  readonly fields: string | readonly string[]
  readonly type?: TraitType | undefined
  readonly plugin?: PluginConfig | undefined
}

/** One entry of event_definitions.yaml, whose shape has been checked. */
export type EventDefinitionConfig = {
  readonly event_type: EventTypePatterns
  readonly traits: { readonly [name: string]: TraitDefinitionConfig }
}
