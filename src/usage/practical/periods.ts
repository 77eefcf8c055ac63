import type { Event } from '../../domain/event.ts'
import { formatIso, MICROS_PER_DAY } from '../../domain/time.ts'
import type { ExistsVerdict, PeriodsVerdict, UsageFault } from '../verdict.ts'
import { isWholePeriod } from './audit-period.ts'
import { tellsOffloaded } from './remainder.ts'
import { auditPeriodOf, type Entry, nameOf, type Period } from './stream-story.ts'

type Told = { readonly exists: Event; readonly period: Period }

/**
 * Holds the audit periods of a stream against each other, where there are several: U9 a gap between two, in which the
 * server was not shelved and offloaded; U10 an overlap.
 * Hourly exists are verified once more in this way, as the day that they make up.
 */
export function checkPeriods(
  verdicts: readonly ExistsVerdict[],
  entries: readonly Entry[],
): PeriodsVerdict | undefined {
  const told = verdicts
    .filter(({ exists, repeats }) => repeats === undefined && isWholePeriod(exists))
    .flatMap(({ exists }) => {
      const period = auditPeriodOf(exists)
      return period && period.end - period.begin <= MICROS_PER_DAY ? [{ exists, period }] : []
    })
    .sort((a, b) => a.period.begin - b.period.begin || a.period.end - b.period.end)
  if (told.length < 2) return undefined
  return { exists: told.map(({ exists }) => exists), faults: faultsIn(told, entries) }
}

/** What is wrong between each period and what was told of before it. */
function faultsIn([first, ...others]: readonly Told[], entries: readonly Entry[]): UsageFault[] {
  const faults: UsageFault[] = []
  let furthest = first as Told
  for (const next of others) {
    const between = `between ${nameOf(furthest.exists)} and ${nameOf(next.exists)}`
    const [told, begins] = [furthest.period.end, next.period.begin]
    if (begins > told && !wasOffloaded(entries, furthest.period, next.period))
      faults.push({ code: 'U9', message: `No .exists of ${textOf(told, begins)} ${between}.` })
    if (begins < told) {
      const overlap = textOf(begins, Math.min(told, next.period.end))
      faults.push({ code: 'U10', message: `.exists overlap in ${overlap} ${between}.` })
    }
    if (next.period.end > told) furthest = next
  }
  return faults
}

/**
 * Whether the server was on no host between two periods. The first hour that lacks an exists is that in which its host
 * gave it up, the next that has one that in which it was unshelved.
 */
function wasOffloaded(entries: readonly Entry[], before: Period, after: Period): boolean {
  return entries.some(
    (entry) =>
      tellsOffloaded(entry) && entry.event.timestamp >= before.end && entry.event.timestamp < after.end,
  )
}

function textOf(begin: number, end: number): string {
  return `${formatIso(begin)} to ${formatIso(end)}`
}
