import type { Event } from '../domain/event.ts'
import type { Report } from '../domain/report.ts'
import { compileEventTypeFilter } from '../text/event-type-filter.ts'
import { compileTimeTest, compileTraitCriterion, type Mismatch } from './trait-criterion.ts'
import type { CriterionConfig } from './trigger-config.ts'

/** A condition on a single event. */
export type Criterion = {
  readonly acceptsType: (eventType: string) => boolean
  /** What the event's timestamp and traits lack; the event type is taken as accepted. */
  readonly mismatch: (event: Event) => Mismatch
  /** which trait of the event stands for a distinguishing one */
  readonly mapDistinguishedBy: { readonly [trait: string]: string }
}

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
    acceptsType: compileEventTypeFilter(config.event_type ?? '*'),
    mismatch(event) {
      const reason = inTime?.(event.timestamp, event)
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
