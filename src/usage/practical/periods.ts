import type { Event } from '../../domain/event.ts'
import { formatIso, MICROS_PER_DAY } from '../../domain/time.ts'
import type { ExistsVerdict, PeriodsVerdict, UsageFault } from '../verdict.ts'
import { isWholePeriod } from './audit-period.ts'
import { auditPeriodOf, nameOf, type Period } from './stream-story.ts'

type Told = { readonly exists: Event; readonly period: Period }

/**
 * Holds the audit periods of a stream against each other, where there are several: U9 a gap between two, U10 an overlap.
 * Hourly exists are verified once more in this way, as the day that they make up.
 */
export function checkPeriods(verdicts: readonly ExistsVerdict[]): PeriodsVerdict | undefined {
  const told = verdicts
    .filter(({ exists, repeats }) => repeats === undefined && isWholePeriod(exists))
    .flatMap(({ exists }) => {
      const period = auditPeriodOf(exists)
      return period && period.end - period.begin <= MICROS_PER_DAY ? [{ exists, period }] : []
    })
    .sort((a, b) => a.period.begin - b.period.begin || a.period.end - b.period.end)
  if (told.length < 2) return undefined
  return { exists: told.map(({ exists }) => exists), faults: told.slice(1).flatMap(faultBefore(told)) }
}

/** What is wrong between a period and the one before it. */
function faultBefore(told: readonly Told[]): (later: Told, index: number) => UsageFault[] {
  return (later, index) => {
    const { exists, period } = told[index] as Told
    if (later.period.begin === period.end) return []
    const between = `between ${nameOf(exists)} and ${nameOf(later.exists)}`
    return later.period.begin > period.end
      ? [{ code: 'U9', message: `No .exists of ${textOf(period.end, later.period.begin)} ${between}.` }]
      : [
          {
            code: 'U10',
            message: `.exists overlap from ${textOf(later.period.begin, Math.min(period.end, later.period.end))} ${between}.`,
          },
        ]
  }
}

function textOf(begin: number, end: number): string {
  return `${formatIso(begin)} to ${formatIso(end)}`
}
