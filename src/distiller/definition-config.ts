import type { EventTypePatterns } from '../domain/event-type-filter.ts'
import type { TraitType } from '../domain/trait.ts'

export type TraitDefinitionConfig = {
  /** field paths in order of preference */
  readonly fields?: string | readonly string[] | undefined
  readonly type?: TraitType | undefined
}

/** One entry of event_definitions.yaml, its shape already checked. */
export type EventDefinitionConfig = {
  readonly event_type: EventTypePatterns
  readonly traits?: { readonly [name: string]: TraitDefinitionConfig } | undefined
}
