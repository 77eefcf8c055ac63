import type { Event } from '../../domain/event.ts'
import type { UsageVerdict } from '../verdict.ts'
import { checkAnnouncement } from './announcement.ts'
import { checkCoreFields } from './core-fields.ts'
import { checkCoverage } from './coverage.ts'
import { checkDeletion } from './deletion.ts'
import { verdictsOn } from './exists-verdicts.ts'
import { checkLaunch } from './launch.ts'
import { checkPeriods } from './periods.ts'
import { checkRemainder } from './remainder.ts'
import { SERVER } from './server.ts'
import { createStory, type Period } from './stream-story.ts'
import { checkUntoldOperations } from './untold-operations.ts'

/** In this order: the first that fails gives the code. */
const RULES = [checkLaunch, checkCoreFields, checkDeletion, checkCoverage]

export type PracticalOptions = {
  /** those of servers where they are not told */
  readonly coreFields?: readonly string[] | undefined
  /** the time that the stream is about, as its trigger tells streams apart; undefined: not known */
  readonly range: Period | undefined
  /** what other streams have of the same server: evidence, whose own verdicts are told there */
  readonly others?: readonly Event[]
}

/**
 * Verifies the events of a server as a careful person would who knows how Nova behaves: old-style and versioned
 * notifications alike, each exists against all events before it. What each rule is for: docs/usage-rules.md.
 */
export function verifyByPracticalRules(
  events: readonly Event[],
  { coreFields = SERVER.coreFields, range, others = [] }: PracticalOptions,
): UsageVerdict {
  const story = createStory(events, others, range, { ...SERVER, coreFields })
  const exists = verdictsOn(story, (entry, before, after) => {
    const results = RULES.map((rule) => rule(entry, before, story))
    return { results, announcement: checkAnnouncement(entry, before, after) }
  })
  const remainder = checkRemainder(story)
  const untold = checkUntoldOperations(story)
  const remainders = [...untold, ...(remainder ? [remainder] : [])]
  return { exists, remainders, periods: checkPeriods(exists, story, remainders.length === 0) }
}
