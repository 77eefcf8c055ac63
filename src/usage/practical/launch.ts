import { formatIso } from '../../domain/time.ts'
import { textOf, timeOf } from '../traits.ts'
import type { UsageCheck, UsageFault } from '../verdict.ts'
import { isAccountedFor, isWholePeriod } from './audit-period.ts'
import { auditPeriodOf, type Entry, isAftermath, nameOf, type StreamStory } from './stream-story.ts'

/** The outcome of one rule for one exists: at most one fault, notes, and the rule as it was applied. */
export type RuleResult = {
  readonly fault?: UsageFault | undefined
  readonly notes?: readonly string[]
  readonly check?: UsageCheck
}

/**
 * Whether any event has the server's launch time; without one the server never ran. A create.error does not
 * count: a build that failed at its end reports a launch that the database never got.
 */
export function hasLaunched(entries: readonly Entry[]): boolean {
  return entries.some(
    ({ event, step }) => step !== 'create.error' && timeOf(event, 'launched_at') !== undefined,
  )
}

/**
 * U1: the exists has no launched_at. U8: launched_at lies in this period, and no event reports the launch.
 */
export function checkLaunch(
  { event: exists }: Entry,
  before: readonly Entry[],
  story: StreamStory,
): RuleResult {
  const launchedAt = timeOf(exists, 'launched_at')
  if (launchedAt === undefined) {
    const mayBeUnlaunched = !isWholePeriod(exists) && textOf(exists, 'state') !== 'active'
    if (mayBeUnlaunched && !hasLaunched(before)) return passedOver('the server has not been launched yet')
    return fails('U1', `.exists has no launched_at value (${nameOf(exists)}).`)
  }
  const period = auditPeriodOf(exists)
  const isRelated = (entry: Entry) =>
    entry.step !== 'exists' && !isAftermath(entry) && !(period && entry.event.timestamp < period.begin)
  const isNew = isAccountedFor(launchedAt, period, story.range)
  const deletedAt = timeOf(exists, 'deleted_at')
  // A deletion in this period without events is U5 already.
  const isDeletedNow = deletedAt !== undefined && isAccountedFor(deletedAt, period, story.range)
  if (isNew && !isDeletedNow && !before.some(isRelated)) {
    return fails(
      'U8',
      `.exists launched_at in audit period, but no related events found (launched_at ${formatIso(launchedAt)} of ${nameOf(exists)}).`,
    )
  }
  const text = isNew
    ? `launched at ${formatIso(launchedAt)}, within the audit period, and events report it`
    : `launched at ${formatIso(launchedAt)}, not within the audit period of this stream`
  return { check: { rule: 'launch', outcome: 'holds', text } }
}

function passedOver(text: string): RuleResult {
  return { check: { rule: 'launch', outcome: 'passed over', text } }
}

function fails(code: string, message: string): RuleResult {
  return { fault: { code, message }, check: { rule: 'launch', outcome: 'fails', text: message } }
}
