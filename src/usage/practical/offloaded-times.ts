import type { Micros } from '../../domain/time.ts'
import { isWholePeriod } from './audit-period.ts'
import { tellsOffloaded } from './remainder.ts'
import { auditPeriodOf, type Entry, type Period } from './stream-story.ts'

/**
 * The times in which a server is on no host, so that no audit tells of it: from the audit period in which its host gave it
 * up until the one in which it was unshelved, or of which an exists tells.
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

/** Since when at the latest it is on a host again, as an event tells; undefined: it does not tell. */
function backOnHost({ event, step }: Entry, beginOfPeriod: (moment: Micros) => Micros): Micros | undefined {
  if (step === 'unshelve.end') return beginOfPeriod(event.timestamp)
  return step === 'exists' && isWholePeriod(event) ? auditPeriodOf(event)?.begin : undefined
}
