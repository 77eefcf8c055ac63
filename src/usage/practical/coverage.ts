import { isWholePeriod } from './audit-period.ts'
import type { RuleResult } from './launch.ts'
import { auditPeriodOf, type Entry, periodText, type StreamStory } from './stream-story.ts'

/** Notes where an audit period is not within the time that the stream is about: the rest of it cannot be verified. */
export function checkCoverage(
  { event: exists }: Entry,
  _before: readonly Entry[],
  { range }: StreamStory,
): RuleResult {
  const period = auditPeriodOf(exists)
  if (!range || !period || !isWholePeriod(exists)) return {}
  if (period.begin >= range.begin && period.end <= range.end) return {}
  const text = `the audit period ${periodText(period)} is not within ${periodText(range)}, which this stream is about: what was outside is not verified (see "Audit periods" in docs/usage-rules.md)`
  return { notes: [text], check: { rule: 'audit period', outcome: 'passed over', text } }
}
