import { type Event, momentOf } from '../domain/event.ts'
import type { Report } from '../domain/report.ts'
import { compileEventTypeFilter } from '../text/event-type-filter.ts'
import { compileTimeTest, compileTraitCriterion, type Mismatch } from './trait-criterion.ts'
import { type CriterionConfig, TRIGGER_DEFAULTS } from './trigger-config.ts'

/** A condition on a single event. */
export type Criterion = {
  readonly acceptsType: (eventType: string) => boolean
  /**
   * Returns why the event's timestamp or traits do not meet the criterion; undefined when they do. Does not
   * check the event type.
   */
  readonly mismatch: (event: Event) => Mismatch
  /** by name of a distinguishing trait, the event's trait to use in its place */
  readonly mapDistinguishedBy: { readonly [trait: string]: string }
}

/** Compiles one entry of match_criteria or fire_criteria. Faults are reported below `path`. */
export function compileCriterion(
  config: CriterionConfig,
  path: readonly (string | number)[],
  report: Report,
): Criterion {
  const traits = Object.entries(config.traits ?? {}).map(([name, trait]) =>
    compileTraitCriterion(name, trait, [...path, 'traits', name], report),
  )
  const inTime =
    config.timestamp === undefined
      ? undefined
      : compileTimeTest(config.timestamp, [...path, 'timestamp'], report)
  return {
    acceptsType: compileEventTypeFilter(config.event_type ?? TRIGGER_DEFAULTS.event_type),
    mismatch(event) {
      const reason = inTime?.(momentOf(event), event)
      if (reason !== undefined) return `timestamp ${reason}`
      for (const trait of traits) {
        const missing = trait(event)
        if (missing !== undefined) return missing
      }
      return undefined
    },
    mapDistinguishedBy: { ...config.map_distingushed_by, ...config.map_distinguished_by },
  }
}
