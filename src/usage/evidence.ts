import type { Event } from '../domain/event.ts'
import { MICROS_PER_MINUTE } from '../domain/time.ts'
import { auditPeriodOf } from './practical/stream-story.ts'
import type { ExistsVerdict, UsageVerdict } from './verdict.ts'

/** An audit tells of all servers of a host within this time; what comes later may tell of a period once more. */
const AUDIT_TAKES = 10 * MICROS_PER_MINUTE

/** Whether anything is wrong, odd or late, so that a look at other streams may explain it. */
export function needsEvidence({ exists, remainders }: UsageVerdict): boolean {
  return remainders.length > 0 || exists.some((one) => !isPlain(one))
}

/** A verdict in which what was wrong, odd or late is judged with the evidence of other streams, and the rest stays. */
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
