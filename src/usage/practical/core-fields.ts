import type { Event } from '../../domain/event.ts'
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
  const changing = isWholePeriod(exists) ? changingAfter(before.slice(at + 1), exists, subject) : undefined
  const isSettled = (field: string) => !changing?.fields.includes(field)
  const { fault, notes, agreed } = compareFields(
    reference.event,
    exists,
    subject.coreFields.filter(isSettled),
  )
  if (fault) return { fault, check: { rule: RULE, outcome: 'fails', text: fault.message } }
  const more = changing
    ? `; ${nameOf(changing.by)} is under way, which may change ${changing.fields.join(', ')}`
    : ''
  const text = `${agreed.join(', ') || 'nothing that both have'}: as ${nameOf(reference.event)} has them${more}`
  return { notes, check: { rule: RULE, outcome: 'holds', text } }
}

type Changing = { readonly by: Event; readonly fields: readonly string[] }

/**
 * The operation that is under way after these events, and what it may change: it ends with a failure too, and with what
 * tells of the server at rest. What Nova sends at once tells of the server as it was before.
 */
function changingAfter(
  since: readonly Entry[],
  exists: Event,
  { unsettling, underWay, isAtRest }: Subject,
): Changing | undefined {
  let changing: Changing | undefined
  for (const { event, step } of since) {
    const fields = unsettling[step] ?? unsettling[underWay(event) ?? '']
    if (fields) changing = { by: event, fields }
    else if (step.endsWith('.error') || isAtRest(event, step)) changing = undefined
  }
  const fields = unsettling[underWay(exists) ?? '']
  return changing ?? (fields && { by: exists, fields })
}

function indexOfReference(before: readonly Entry[], { settling, isAtRest }: Subject): number {
  const operation = before.findLastIndex(({ step }) => settling.includes(step))
  if (operation >= 0) return operation
  return before.findLastIndex(({ event, step }) => step === 'exists' || isAtRest(event, step))
}

function passedOver(text: string): RuleResult {
  return { check: { rule: RULE, outcome: 'passed over', text } }
}
