import { isWholePeriod } from './audit-period.ts'
import type { RuleResult } from './launch.ts'
import { auditPeriodOf, type Entry, periodText, type StreamStory } from './stream-story.ts'

/** Notes an audit period that is not within the stream's time range: the rest of it cannot be verified. */
export function checkCoverage(
  { event: exists }: Entry,
  _before: readonly Entry[],
  { range }: StreamStory,
): RuleResult {
  const period = auditPeriodOf(exists)
  if (!range || !period || !isWholePeriod(exists)) return {}
  if (period.begin >= range.begin && period.end <= range.end) return {}
  const text = `the audit period ${periodText(period)} is not within ${periodText(range)}, the time of this stream: the rest of it is not verified (see "Audit periods" in docs/usage-rules.md)`
  return { notes: [text], check: { rule: 'audit period', outcome: 'passed over', text } }
}
