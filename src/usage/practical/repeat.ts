import type { Event } from '../../domain/event.ts'
import { timeOf } from '../traits.ts'
import type { ExistsVerdict, UsageFault } from '../verdict.ts'
import { compareFields, isSameMoment } from './compare.ts'
import { auditPeriodOf, type Entry, nameOf, type StreamStory } from './stream-story.ts'

/**
 * Returns the verdict on an exists whose audit period an earlier one reports already; undefined for any
 * other. Nova repeats an exists when a compute node is restarted or its task log is lost. The repeat gets the
 * verdict of the first, unless they differ in a core field.
 */
export function repeatVerdict(
  { event: exists }: Entry,
  earlier: readonly ExistsVerdict[],
  { subject }: StreamStory,
  judge: () => ExistsVerdict,
): ExistsVerdict | undefined {
  const period = auditPeriodOf(exists)
  const first = earlier.find((one) => {
    const other = auditPeriodOf(one.exists)
    return period && other && other.begin === period.begin && other.end === period.end && !one.repeats
  })
  if (!first) return undefined
  // Deleted in the meantime, or restored: such an exists is judged on its own.
  if (isOtherDeletion(first.exists, exists)) return { ...judge(), repeats: first.exists.messageId }
  const { fault, notes } = compareFields(first.exists, exists, subject.coreFields)
  const outcome = fault ? 'fails' : 'holds'
  const text = fault?.message ?? `the same audit period as ${nameOf(first.exists)}, with the same core fields`
  return {
    exists,
    fault: fault ?? first.fault,
    warnings: [],
    notes,
    repeats: first.exists.messageId,
    checks: [{ rule: 'repeat', outcome, text }, ...faultChecks(fault, first.fault)],
  }
}

/** Whether only one of two exists reports a deletion within the period, or they report different ones. */
function isOtherDeletion(a: Event, b: Event): boolean {
  const end = auditPeriodOf(b)?.end ?? Number.POSITIVE_INFINITY
  const [x, y] = [a, b]
    .map((exists) => timeOf(exists, 'deleted_at'))
    .map((at) => (at !== undefined && at < end ? at : undefined))
  if (x === undefined || y === undefined) return x !== y
  return !isSameMoment(x, y)
}

function faultChecks(own: UsageFault | undefined, ofFirst: UsageFault | undefined): ExistsVerdict['checks'] {
  return !own && ofFirst ? [{ rule: 'first exists', outcome: 'fails', text: ofFirst.message }] : []
}
