import { textOf, timeOf } from '../traits.ts'
import { isWholePeriod } from './audit-period.ts'
import { compareFields } from './compare.ts'
import type { RuleResult } from './launch.ts'
import { SETTLING, UNSETTLING } from './steps.ts'
import { type Entry, nameOf, type StreamStory } from './stream-story.ts'

const RULE = 'core fields'

/**
 * U2: the exists differs in a core field from the last operation that settled what the server is. Where the stream has
 * none, from what was last told of the server at rest, be it by an exists or by an update.
 */
export function checkCoreFields(
  { event: exists }: Entry,
  before: readonly Entry[],
  { coreFields }: StreamStory,
): RuleResult {
  const at = indexOfReference(before)
  const reference = before[at]
  if (!reference) {
    return passedOver('nothing before it in this stream tells what they should be')
  }
  const { fault, notes, agreed } = compareFields(reference.event, exists, coreFields)
  const against = nameOf(reference.event)
  if (!fault) {
    const text = `${agreed.join(', ') || 'nothing that both have'}: as ${against} has them`
    return { notes, check: { rule: RULE, outcome: 'holds', text } }
  }
  // What Nova sends at once tells of the server as it was before.
  const underWay = isWholePeriod(exists) && before.slice(at + 1).find(({ step }) => UNSETTLING.includes(step))
  if (underWay) {
    return passedOver(`${fault.message}; ${nameOf(underWay.event)} is under way, which may change them`)
  }
  return { fault, check: { rule: RULE, outcome: 'fails', text: fault.message } }
}

function indexOfReference(before: readonly Entry[]): number {
  const operation = before.findLastIndex(({ step }) => SETTLING.includes(step))
  return operation >= 0
    ? operation
    : before.findLastIndex((entry) => entry.step === 'exists' || isAtRest(entry))
}

/** Whether nothing was being done to a launched server: its event tells what the database has. */
function isAtRest({ event, step }: Entry): boolean {
  const isStart = step.endsWith('.start')
  return (
    !isStart && timeOf(event, 'launched_at') !== undefined && textOf(event, 'state_description') === undefined
  )
}

function passedOver(text: string): RuleResult {
  return { check: { rule: RULE, outcome: 'passed over', text } }
}
