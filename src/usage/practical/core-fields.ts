import { compareFields } from './compare.ts'
import type { RuleResult } from './launch.ts'
import { SETTLING, UNSETTLING } from './steps.ts'
import { type Entry, nameOf, type StreamStory } from './stream-story.ts'

const RULE = 'core fields'

/**
 * U2: the exists differs in a core field from the last operation that settled what the server is, or, where the stream
 * has none, from the exists before it.
 */
export function checkCoreFields(
  { event: exists }: Entry,
  before: readonly Entry[],
  { coreFields }: StreamStory,
): RuleResult {
  const at = indexOfReference(before)
  const reference = before[at]
  if (!reference) {
    return passedOver('no operation and no other exists in this stream tells what they should be')
  }
  const { fault, notes, agreed } = compareFields(reference.event, exists, coreFields)
  const against = nameOf(reference.event)
  if (!fault) {
    const text = `${agreed.join(', ') || 'nothing that both have'}: as ${against} has them`
    return { notes, check: { rule: RULE, outcome: 'holds', text } }
  }
  const underWay = before.slice(at + 1).find(({ step }) => UNSETTLING.includes(step))
  if (underWay) {
    return passedOver(`${fault.message}; ${nameOf(underWay.event)} is under way, which may change them`)
  }
  return { fault, check: { rule: RULE, outcome: 'fails', text: fault.message } }
}

function indexOfReference(before: readonly Entry[]): number {
  const operation = before.findLastIndex(({ step }) => SETTLING.includes(step))
  return operation >= 0 ? operation : before.findLastIndex(({ step }) => step === 'exists')
}

function passedOver(text: string): RuleResult {
  return { check: { rule: RULE, outcome: 'passed over', text } }
}
