import type { ExistsVerdict } from '../verdict.ts'
import type { Announcement } from './announcement.ts'
import { isWholePeriod } from './audit-period.ts'
import type { RuleResult } from './launch.ts'
import { repeatVerdict } from './repeat.ts'
import { auditPeriodOf, type Entry, type StreamStory } from './stream-story.ts'

/** The results of all rules for one exists. */
export type Checked = { readonly results: readonly RuleResult[]; readonly announcement?: Announcement }

type Check = (exists: Entry, before: readonly Entry[], after: readonly Entry[]) => Checked

/**
 * Returns the verdict on each exists of a story, in order. The first rule that fails gives the fault. An
 * exists of another stream has no verdict here.
 */
export function verdictsOn(story: StreamStory, check: Check): ExistsVerdict[] {
  const verdicts: ExistsVerdict[] = []
  const elsewhere = new Set<ExistsVerdict>()
  for (const [index, entry] of story.entries.entries()) {
    if (entry.step !== 'exists') continue
    const [before, after] = [story.entries.slice(0, index), story.entries.slice(index + 1)]
    const judge = () => bestOf(entry, before, (known) => verdictOf(entry, check(entry, known, after)))
    const verdict = repeatVerdict(entry, verdicts, story, judge) ?? judge()
    if (entry.isElsewhere) elsewhere.add(verdict)
    verdicts.push(verdict)
  }
  return verdicts.filter((verdict) => !elsewhere.has(verdict))
}

/**
 * Judges an exists with all events before it and, if that fails, with only those before the end of its
 * period. The audit reads all servers at once and reports them one by one, so later events may be in it or
 * not.
 */
function bestOf(
  { event }: Entry,
  before: readonly Entry[],
  judge: (before: readonly Entry[]) => ExistsVerdict,
): ExistsVerdict {
  const verdict = judge(before)
  const period = auditPeriodOf(event)
  if (!verdict.fault || !period || !isWholePeriod(event)) return verdict
  const within = before.filter((one) => one.event.timestamp < period.end)
  if (within.length === before.length) return verdict
  const other = judge(within)
  return other.fault ? verdict : other
}

function verdictOf({ event }: Entry, { results, announcement }: Checked): ExistsVerdict {
  const { warning, check } = announcement ?? {}
  return {
    exists: event,
    fault: results.find(({ fault }) => fault)?.fault,
    warnings: warning === undefined ? [] : [warning],
    notes: results.flatMap(({ notes = [] }) => notes),
    repeats: undefined,
    checks: [...results.flatMap((result) => result.check ?? []), ...(check ? [check] : [])],
  }
}
