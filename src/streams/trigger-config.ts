import type { EventTypePatterns } from '../text/event-type-filter.ts'

/** A constant, or one typed comparison such as `{int: "> 4096"}`. */
export type TraitCriterionConfig =
  | string
  | number
  | boolean
  | { readonly int: string | number }
  | { readonly float: string | number }
  | { readonly string: string | number | boolean }
  | { readonly text: string | number | boolean }
  | { readonly datetime: string }

/** One entry of match_criteria or fire_criteria. All conditions that are given must hold. */
export type CriterionConfig = {
  readonly event_type?: EventTypePatterns | undefined
  readonly number?: number | undefined
  readonly timestamp?: string | undefined
  readonly traits?: { readonly [trait: string]: TraitCriterionConfig } | undefined
  readonly map_distinguished_by?: { readonly [trait: string]: string } | undefined
  /** the same in the misspelling of old files */
  readonly map_distingushed_by?: { readonly [trait: string]: string } | undefined
}

/** One entry of triggers.yaml, whose shape has been checked. */
export type TriggerConfig = {
  readonly name: string
  /** absent or empty: all events that match belong to one stream */
  readonly distinguished_by?: readonly (string | { readonly [trait: string]: string })[] | undefined
  readonly match_criteria: readonly CriterionConfig[]
  readonly fire_criteria: readonly CriterionConfig[]
  readonly load_criteria?: unknown
  readonly fire_delay?: number | undefined
  readonly expiration: string
  readonly fire_pipeline?: string | null | undefined
  readonly expire_pipeline?: string | null | undefined
  readonly debug_level?: number | undefined
}

/**
 * Values of keys that are absent. They are applied when triggers are compiled and not by the schema: what a stream has
 * met of its criteria is stored by a hash of each criterion as it is written.
 */
export const TRIGGER_DEFAULTS = { event_type: '*', number: 1, fire_delay: 0, debug_level: 0 } as const
