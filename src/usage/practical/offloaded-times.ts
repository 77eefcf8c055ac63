import type { Micros } from '../../domain/time.ts'
import { isWholePeriod } from './audit-period.ts'
import { tellsOffloaded } from './remainder.ts'
import { auditPeriodOf, type Entry, type Period } from './stream-story.ts'

/**
 * Returns the times in which a server is on no host, so that no audit reports it. Each begins with the audit
 * period of the offload, and ends with that of the unshelve or that of the next exists.
 */
export function offloadedTimes(
  entries: readonly Entry[],
  beginOfPeriod: (moment: Micros) => Micros,
): Period[] {
  const times: Period[] = []
  let since: Micros | undefined
  for (const entry of entries) {
    if (since === undefined && tellsOffloaded(entry)) since = beginOfPeriod(entry.event.timestamp)
    const back = since === undefined ? undefined : backOnHost(entry, beginOfPeriod)
    if (since !== undefined && back !== undefined && back >= since) {
      times.push({ begin: since, end: back })
      since = undefined
    }
  }
  if (since !== undefined) times.push({ begin: since, end: Number.POSITIVE_INFINITY })
  return times
}

/**
 * Returns the begin of the audit period in which the server is back on a host; undefined when the event is no
 * evidence of that.
 */
function backOnHost({ event, step }: Entry, beginOfPeriod: (moment: Micros) => Micros): Micros | undefined {
  if (step === 'unshelve.end') return beginOfPeriod(event.timestamp)
  return step === 'exists' && isWholePeriod(event) ? auditPeriodOf(event)?.begin : undefined
}
