import type { Event } from '../../domain/event.ts'
import { isWholePeriod } from './audit-period.ts'
import { compareFields } from './compare.ts'
import type { RuleResult } from './launch.ts'
import { type Entry, nameOf, type StreamStory } from './stream-story.ts'
import type { Subject } from './subject.ts'

const RULE = 'core fields'

/**
 * U2: the exists differs in a core field from its reference. The reference is the last operation before it
 * that settled these fields. Where the stream has none, it is the last exists, or the last event of the
 * server at rest.
 */
export function checkCoreFields(
  { event: exists }: Entry,
  before: readonly Entry[],
  { subject }: StreamStory,
): RuleResult {
  const at = indexOfReference(before, subject)
  const reference = before[at]
  if (!reference) {
    return passedOver('no earlier event of this stream settles them')
  }
  const since = before.slice(at + 1)
  const changing = isWholePeriod(exists) ? changingAfter(since, exists, subject) : undefined
  const failed = changing ? undefined : failedAfter(since, subject)
  const mayDiffer = (field: string) => (changing ?? failed)?.fields.includes(field) ?? false
  const settled = subject.coreFields.filter((field) => !mayDiffer(field))
  const known = compareFields(reference.event, exists, settled)
  const left = failed && compareFields(failed.by, exists, subject.coreFields.filter(mayDiffer))
  const fault = known.fault ?? left?.fault
  if (fault) return { fault, check: { rule: RULE, outcome: 'fails', text: fault.message } }
  const agreed = [...known.agreed, ...(left?.agreed ?? [])].join(', ') || 'nothing that both have'
  const text = `${agreed}: as ${nameOf(reference.event)} has them${more(changing, failed)}`
  return {
    notes: [...known.notes, ...(left?.notes ?? [])],
    check: { rule: RULE, outcome: 'holds', text },
  }
}

function more(changing: Changing | undefined, failed: Changing | undefined): string {
  if (changing) return `; ${nameOf(changing.by)} is under way, which may change ${changing.fields.join(', ')}`
  return failed ? `, and after a failed operation as ${nameOf(failed.by)} has them` : ''
}

type Changing = { readonly by: Event; readonly fields: readonly string[] }

/**
 * Returns the operation still under way after these events, and the fields that it may change. A failure ends
 * an operation, and so does an event of the server at rest. An exists that Nova sends at once reports the
 * server as it was before.
 */
function changingAfter(since: readonly Entry[], exists: Event, subject: Subject): Changing | undefined {
  const { unsettling, underWay, isAtRest } = subject
  let changing: Changing | undefined
  for (const entry of since) {
    const { event, step } = entry
    const fields = changedBy(entry, subject)
    if (fields) changing = { by: event, fields }
    else if (step.endsWith('.error') || isAtRest(event, step)) changing = undefined
  }
  const fields = unsettling[underWay(exists) ?? '']
  return changing ?? (fields && { by: exists, fields })
}

/**
 * Returns the event at rest after a failed operation, and the fields that the operation may have changed. A
 * failed rebuild leaves the new image, a failed resize the old flavor or the new one.
 */
function failedAfter(since: readonly Entry[], subject: Subject): Changing | undefined {
  const fields = new Set<string>()
  let by: Event | undefined
  for (const entry of since) {
    const begun = changedBy(entry, subject)
    for (const field of begun ?? []) fields.add(field)
    if (!begun && fields.size > 0 && subject.hasFailed(entry.event, entry.step)) by = entry.event
  }
  return by && { by, fields: [...fields] }
}

/** Returns the fields that an operation may change, where the event begins one or reports one under way. */
function changedBy({ event, step }: Entry, { unsettling, underWay }: Subject): readonly string[] | undefined {
  return unsettling[step] ?? unsettling[underWay(event) ?? '']
}

function indexOfReference(before: readonly Entry[], { settling, isAtRest }: Subject): number {
  const operation = before.findLastIndex(({ step }) => settling.includes(step))
  if (operation >= 0) return operation
  return before.findLastIndex(({ event, step }) => step === 'exists' || isAtRest(event, step))
}

function passedOver(text: string): RuleResult {
  return { check: { rule: RULE, outcome: 'passed over', text } }
}
