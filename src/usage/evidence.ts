import type { Event } from '../domain/event.ts'
import { MICROS_PER_MINUTE } from '../domain/time.ts'
import { auditPeriodOf } from './practical/stream-story.ts'
import type { ExistsVerdict, UsageVerdict } from './verdict.ts'

/**
 * An audit reports all servers of a host within this time. A later exists may report its period a second
 * time.
 */
const AUDIT_TAKES = 10 * MICROS_PER_MINUTE

/**
 * Whether a verdict has a fault, a warning, a remainder or a late exists, which events of other streams may
 * explain.
 */
export function needsEvidence({ exists, remainders }: UsageVerdict): boolean {
  return remainders.length > 0 || exists.some((one) => !isPlain(one))
}

/**
 * Returns a verdict with its remainders, faulty, odd and late exists taken from `withEvidence`, a verdict
 * reached with events of other streams. All else stays as it was.
 */
export function judgedAnew(verdict: UsageVerdict, withEvidence: UsageVerdict): UsageVerdict {
  const exists = verdict.exists.map((one, index) =>
    isPlain(one) ? one : (withEvidence.exists[index] ?? one),
  )
  return { exists, remainders: withEvidence.remainders, periods: verdict.periods }
}

function isPlain({ exists, fault, warnings }: ExistsVerdict): boolean {
  return !fault && warnings.length === 0 && !isLate(exists)
}

function isLate(exists: Event): boolean {
  const period = auditPeriodOf(exists)
  return period !== undefined && exists.timestamp - period.end > AUDIT_TAKES
}
