import { MICROS_PER_DAY, type Micros } from '../../domain/time.ts'
import { type AuditPeriod, isWholePeriod } from '../calendar/audit.ts'
import { EXISTS } from '../operations/operation.ts'
import type { Fact } from './fact.ts'
import type { UsageResult } from './usage-result.ts'

/**
 * Returns the result for all audit periods of a day together, if there are several. Each hour in which the
 * instance was on a host must be covered exactly once: a gap is U9, an overlap U10.
 */
export function expectedOfPeriods(
  facts: readonly Fact[],
  begin: Micros,
  isMissedOtherwise: boolean,
): readonly UsageResult[] {
  const told = toldPeriods(facts)
  const [first] = told
  const last = told.at(-1)
  if (!first || !last || told.length < 2) return []
  if (told.some((period, index) => index > 0 && period.begin < (told[index - 1] as AuditPeriod).end))
    return ['U10']
  const length = first.end - first.begin
  const hourOf = (at: Micros) => Math.floor((at - first.begin) / length)
  const away = awayHours(facts, hourOf)
  const isTold = new Set(told.map((period) => hourOf(period.begin)))
  const from = firstHour(facts, first, begin, hourOf)
  const until = lastHour(facts, last, begin, isMissedOtherwise, hourOf)
  for (let hour = from; hour < until; hour++) if (!isTold.has(hour) && !away(hour)) return ['U9']
  return ['day']
}

function toldPeriods(facts: readonly Fact[]): AuditPeriod[] {
  const periods = new Map<string, AuditPeriod>()
  for (const { eventType, audit } of facts) {
    if (eventType === EXISTS && audit && isWholePeriod(audit))
      periods.set(`${audit.begin} ${audit.end}`, audit)
  }
  return [...periods.values()].sort((a, b) => a.begin - b.begin || a.end - b.end)
}

/**
 * Returns a test for hours in which the instance had no host: from the hour of its offloading to the hour of
 * its return.
 */
function awayHours(facts: readonly Fact[], hourOf: (at: Micros) => number): (hour: number) => boolean {
  const spans: { from: number; until: number }[] = []
  let from: number | undefined
  for (const fact of facts) {
    const isGone =
      fact.state === 'shelved_offloaded' || fact.eventType === 'compute.instance.shelve_offload.end'
    if (from === undefined && isGone) from = hourOf(fact.at)
    const back = backIn(fact, hourOf)
    if (from === undefined || back === undefined || back < from) continue
    spans.push({ from, until: back })
    from = undefined
  }
  if (from !== undefined) spans.push({ from, until: Number.POSITIVE_INFINITY })
  return (hour) => spans.some((span) => hour >= span.from && hour < span.until)
}

function backIn({ eventType, at, audit }: Fact, hourOf: (at: Micros) => number): number | undefined {
  if (eventType === 'compute.instance.unshelve.end') return hourOf(at)
  return eventType === EXISTS && audit && isWholePeriod(audit) ? hourOf(audit.begin) : undefined
}

/**
 * Returns the first hour that must be covered. When nothing precedes the first exists, collecting may have
 * begun with it.
 */
function firstHour(
  facts: readonly Fact[],
  first: AuditPeriod,
  begin: Micros,
  hourOf: (at: Micros) => number,
): number {
  const isSeen = facts.some(({ eventType, at }) => eventType !== EXISTS && at < first.begin)
  if (!isSeen) return hourOf(first.begin)
  const launched = facts.flatMap(({ launchedAt }) => launchedAt ?? [])
  return hourOf(Math.max(begin, Math.min(...launched, first.begin)))
}

/**
 * Returns the end of the hours that must be covered: the end of the day or, when the instance is gone or the
 * missing hours have a result already, the end of the last exists.
 */
function lastHour(
  facts: readonly Fact[],
  last: AuditPeriod,
  begin: Micros,
  isMissedOtherwise: boolean,
  hourOf: (at: Micros) => number,
): number {
  const telling = facts.findLast(({ audit }) => audit?.begin === last.begin && audit.end === last.end)
  const isDeleted = telling?.deletedAt !== undefined || telling?.state === 'deleted'
  const isGone = isDeleted || facts.some(({ eventType }) => eventType === 'compute.instance.delete.end')
  return hourOf(isGone || isMissedOtherwise ? last.end : begin + MICROS_PER_DAY)
}
