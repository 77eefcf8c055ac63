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

/** The rules in order: the first that fails gives the code. */
const RULES = [checkLaunch, checkCoreFields, checkDeletion, checkCoverage]

export type PracticalOptions = {
  /** fields in which an exists must agree with the events before it; undefined: those of a server */
  readonly coreFields?: readonly string[] | undefined
  /** the time range that distinguishes the stream; undefined: not known */
  readonly range: Period | undefined
  /** events of the same server in other streams: evidence only, judged in their own streams */
  readonly others?: readonly Event[]
}

/**
 * Verifies the events of a server by rules that follow how Nova behaves. Each exists, in an old-style or
 * versioned notification, is checked against all events before it. docs/usage-rules.md has the reason for
 * each rule.
 *
 * @example
 * const { exists, remainders } = verifyByPracticalRules(events, { range: { begin, end } })
 * for (const { fault } of exists) if (fault) console.log(fault.code, fault.message)
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
