import { isWholePeriod } from './audit-period.ts'
import { compareFields } from './compare.ts'
import type { RuleResult } from './launch.ts'
import { type Entry, nameOf, type StreamStory } from './stream-story.ts'
import type { Subject } from './subject.ts'

const RULE = 'core fields'

/**
 * U2: the exists differs in a core field from the last operation that settled what it is about. Where the stream has
 * none, from what was last told of it at rest, be it by an exists or by an update.
 */
export function checkCoreFields(
  { event: exists }: Entry,
  before: readonly Entry[],
  { subject }: StreamStory,
): RuleResult {
  const at = indexOfReference(before, subject)
  const reference = before[at]
  if (!reference) {
    return passedOver('nothing before it in this stream tells what they should be')
  }
  const { fault, notes, agreed } = compareFields(reference.event, exists, subject.coreFields)
  const against = nameOf(reference.event)
  if (!fault) {
    const text = `${agreed.join(', ') || 'nothing that both have'}: as ${against} has them`
    return { notes, check: { rule: RULE, outcome: 'holds', text } }
  }
  // What Nova sends at once tells of the server as it was before.
  const underWay =
    isWholePeriod(exists) && before.slice(at + 1).find(({ step }) => subject.unsettling.includes(step))
  if (underWay) {
    return passedOver(`${fault.message}; ${nameOf(underWay.event)} is under way, which may change them`)
  }
  return { fault, check: { rule: RULE, outcome: 'fails', text: fault.message } }
}

function indexOfReference(before: readonly Entry[], { settling, isAtRest }: Subject): number {
  const operation = before.findLastIndex(({ step }) => settling.includes(step))
  if (operation >= 0) return operation
  return before.findLastIndex(({ event, step }) => step === 'exists' || isAtRest(event, step))
}

function passedOver(text: string): RuleResult {
  return { check: { rule: RULE, outcome: 'passed over', text } }
}
