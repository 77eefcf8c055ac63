import type { Event } from '../../domain/event.ts'
import { MICROS_PER_DAY, type Micros } from '../../domain/time.ts'
import { textOf, timeOf } from '../traits.ts'
import type { ExistsVerdict, PeriodsVerdict, UsageFault } from '../verdict.ts'
import { isWholePeriod } from './audit-period.ts'
import { offloadedTimes } from './offloaded-times.ts'
import { auditPeriodOf, nameOf, type Period, periodText, type StreamStory } from './stream-story.ts'

/** An exists and its audit period. */
type Told = { readonly exists: Event; readonly period: Period }

/**
 * Checks the audit periods of a stream against each other; undefined for fewer than two. U9: no exists covers
 * a time in which the server was on a host. U10: two periods overlap. `isRestTold` allows U9 after the last
 * period: no other fault reports a missing exists there.
 */
export function checkPeriods(
  verdicts: readonly ExistsVerdict[],
  story: StreamStory,
  isRestTold: boolean,
): PeriodsVerdict | undefined {
  const told = verdicts
    .filter(({ exists, repeats }) => repeats === undefined && isWholePeriod(exists))
    .flatMap(({ exists }) => {
      const period = auditPeriodOf(exists)
      return period && period.end - period.begin <= MICROS_PER_DAY ? [{ exists, period }] : []
    })
    .sort((a, b) => a.period.begin - b.period.begin || a.period.end - b.period.end)
  const [first, ...others] = told
  if (!first || others.length === 0) return undefined
  const { last, faults } = between(first, others, story)
  const before = beforeFirst(first, story)
  const isSeen = hasEventsBefore(first.period.begin, story)
  return {
    exists: told.map(({ exists }) => exists),
    faults: isSeen ? [...before, ...faults] : faults,
    missedAtEnd: isRestTold ? afterLast(last, story) : [],
    notes: isSeen ? [] : before.map(({ message }) => message),
  }
}

/** Returns the gaps and overlaps between neighbouring periods, and the exists whose period ends last. */
function between(
  first: Told,
  others: readonly Told[],
  story: StreamStory,
): { readonly last: Told; readonly faults: UsageFault[] } {
  const faults: UsageFault[] = []
  let last = first
  for (const next of others) {
    const place = `between ${nameOf(last.exists)} and ${nameOf(next.exists)}`
    const [told, begin] = [last.period.end, next.period.begin]
    if (begin > told) faults.push(...gaps({ begin: told, end: begin }, last.period, story, place))
    if (begin < told) {
      const overlap = periodText({ begin, end: Math.min(told, next.period.end) })
      faults.push({ code: 'U10', message: `.exists overlap in ${overlap} ${place}.` })
    }
    if (next.period.end > told) last = next
  }
  return { last, faults }
}

/**
 * Returns the gap before the first period: from the begin of the stream's time range or of the server's use,
 * whichever is later.
 */
function beforeFirst({ exists, period }: Told, story: StreamStory): UsageFault[] {
  if (!story.range) return []
  const since = story.entries.map(
    ({ event }) => timeOf(event, story.subject.usedSince) ?? Number.POSITIVE_INFINITY,
  )
  const used = Math.min(...since, timeOf(exists, story.subject.usedSince) ?? period.begin)
  const begin = Math.max(story.range.begin, beginOfUnit(used, period))
  return begin < period.begin
    ? gaps({ begin, end: period.begin }, period, story, `before ${nameOf(exists)}`)
    : []
}

/**
 * Returns the gap after the last period until the end of the stream's time range; none for a deleted server.
 */
function afterLast({ exists, period }: Told, story: StreamStory): UsageFault[] {
  const isDeleted = timeOf(exists, 'deleted_at') !== undefined || textOf(exists, 'state') === 'deleted'
  const isGone = isDeleted || story.entries.some(({ step }) => step === 'delete.end')
  if (!story.range || isGone || period.end >= story.range.end) return []
  return gaps({ begin: period.end, end: story.range.end }, period, story, `after ${nameOf(exists)}`)
}

/**
 * Whether the stream has events before `begin`. Without any, collecting may have begun in the middle of the
 * day.
 */
function hasEventsBefore(begin: Micros, { entries }: StreamStory): boolean {
  return entries.some(
    ({ event, step, isElsewhere }) => step !== 'exists' && !isElsewhere && event.timestamp < begin,
  )
}

/** Returns a U9 for each part of a time in which the server was on a host. */
function gaps(time: Period, unit: Period, story: StreamStory, place: string): UsageFault[] {
  let parts: Period[] = [time]
  for (const away of offloadedTimes(story.entries, (moment) => beginOfUnit(moment, unit))) {
    parts = parts.flatMap(({ begin, end }) => [
      { begin, end: Math.min(end, away.begin) },
      { begin: Math.max(begin, away.end), end },
    ])
  }
  const real = parts.filter(({ begin, end }) => begin < end)
  return real.map((part) => ({ code: 'U9', message: `No .exists of ${periodText(part)} ${place}.` }))
}

/** Returns the begin of the audit's hour or day that contains a moment. */
function beginOfUnit(moment: Micros, { begin, end }: Period): Micros {
  const length = end - begin
  return begin + Math.floor((moment - begin) / length) * length
}
