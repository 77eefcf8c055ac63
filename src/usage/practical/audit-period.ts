import type { Event } from '../../domain/event.ts'
import {
  civilFromInstant,
  instantFromMicros,
  MICROS_PER_DAY,
  MICROS_PER_HOUR,
  MICROS_PER_SECOND,
  type Micros,
} from '../../domain/time.ts'
import { auditPeriodOf, type Period } from './stream-story.ts'

/**
 * Whether an exists reports a whole audit period: an hour, a day, a month or a year that begins at any
 * offset. The exists that Nova sends when an operation begins ends its period at that moment instead. An
 * exists without a period counts as whole.
 */
export function isWholePeriod(exists: Event): boolean {
  const period = auditPeriodOf(exists)
  if (!period) return true
  const { begin, end } = period
  return end - begin === MICROS_PER_HOUR || end - begin === MICROS_PER_DAY || isMonths(begin, end)
}

/** Returns the whole audit period that an exists reports; undefined for any other event. */
export function wholePeriodOf(event: Event): Period | undefined {
  const period = event.eventType.endsWith('.exists') ? auditPeriodOf(event) : undefined
  return period && isWholePeriod(event) ? period : undefined
}

/** Whether the time from begin to end is one calendar month or twelve. */
function isMonths(begin: Micros, end: Micros): boolean {
  const [a, b] = [civilFromInstant(instantFromMicros(begin)), civilFromInstant(instantFromMicros(end))]
  const months = (b.year - a.year) * 12 + b.month - a.month
  const isSameTimeOfMonth = a.day === b.day && begin % MICROS_PER_DAY === end % MICROS_PER_DAY
  return isSameTimeOfMonth && (months === 1 || months === 12)
}

/**
 * Whether a moment lies within the audit period and, if there is one, the stream's time range, so that the
 * stream must hold the events of that moment. The first second of each is left out, since databases round up;
 * the end belongs to the next period.
 */
export function isAccountedFor(
  moment: Micros,
  period: Period | undefined,
  range: Period | undefined,
): boolean {
  if (!period) return false
  const isWithin = ({ begin, end }: Period) => moment > begin + MICROS_PER_SECOND && moment < end
  return isWithin(period) && (range === undefined || isWithin(range))
}
