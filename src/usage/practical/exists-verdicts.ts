import type { ExistsVerdict } from '../verdict.ts'
import type { Announcement } from './announcement.ts'
import type { RuleResult } from './launch.ts'
import { repeatVerdict } from './repeat.ts'
import type { Entry, StreamStory } from './stream-story.ts'

/** What the rules say of one exists. */
export type Checked = { readonly results: readonly RuleResult[]; readonly announcement?: Announcement }

type Check = (exists: Entry, before: readonly Entry[], after: readonly Entry[]) => Checked

/** The verdict on each exists of a story, in order; the first rule that fails gives the fault. */
export function verdictsOn(story: StreamStory, check: Check): ExistsVerdict[] {
  const verdicts: ExistsVerdict[] = []
  for (const [index, entry] of story.entries.entries()) {
    if (entry.step !== 'exists') continue
    const repeat = repeatVerdict(entry, verdicts, story)
    const [before, after] = [story.entries.slice(0, index), story.entries.slice(index + 1)]
    verdicts.push(repeat ?? verdictOf(entry, check(entry, before, after)))
  }
  return verdicts
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
