import type { Event } from '../../domain/event.ts'
import type { ExistsVerdict, UsageVerdict } from '../verdict.ts'
import { checkAnnouncement } from './announcement.ts'
import { checkCoreFields } from './core-fields.ts'
import { checkCoverage } from './coverage.ts'
import { checkDeletion } from './deletion.ts'
import { checkLaunch } from './launch.ts'
import { checkPeriods } from './periods.ts'
import { checkRemainder } from './remainder.ts'
import { repeatVerdict } from './repeat.ts'
import { createStory, type Entry, type Period, type StreamStory } from './stream-story.ts'

/** In this order: the first that fails gives the code. */
const RULES = [checkLaunch, checkCoreFields, checkDeletion, checkCoverage]

export type PracticalOptions = {
  readonly coreFields: readonly string[]
  /** the time that the stream is about, as its trigger tells streams apart; undefined: not known */
  readonly range: Period | undefined
}

/**
 * Verifies the events of a stream as a careful person would who knows how Nova behaves: old-style and versioned
 * notifications alike, each exists against all events before it. What each rule is for: docs/usage-rules.md.
 */
export function verifyByPracticalRules(
  events: readonly Event[],
  { coreFields, range }: PracticalOptions,
): UsageVerdict {
  const story = createStory(events, range, coreFields)
  const verdicts: ExistsVerdict[] = []
  for (const [index, entry] of story.entries.entries()) {
    if (entry.step !== 'exists') continue
    verdicts.push(repeatVerdict(entry, verdicts, coreFields) ?? verdictOf(entry, index, story))
  }
  return { exists: verdicts, remainder: checkRemainder(story), periods: checkPeriods(verdicts) }
}

function verdictOf(entry: Entry, index: number, story: StreamStory): ExistsVerdict {
  const before = story.entries.slice(0, index)
  const results = RULES.map((rule) => rule(entry, before, story))
  const { warning, check } = checkAnnouncement(entry, before, story.entries.slice(index + 1))
  return {
    exists: entry.event,
    fault: results.find(({ fault }) => fault)?.fault,
    warnings: warning === undefined ? [] : [warning],
    notes: results.flatMap(({ notes = [] }) => notes),
    repeats: undefined,
    checks: [...results.flatMap((result) => result.check ?? []), ...(check ? [check] : [])],
  }
}
