import type { ExistsVerdict, UsageFault } from '../verdict.ts'
import { compareFields } from './compare.ts'
import { auditPeriodOf, type Entry, nameOf, type StreamStory } from './stream-story.ts'

/**
 * The verdict on an exists that tells of the same audit period as one before: Nova sends it again when a compute node is
 * started anew or its log of audits is lost. It is as the first, where both agree in the core fields.
 */
export function repeatVerdict(
  { event: exists }: Entry,
  earlier: readonly ExistsVerdict[],
  { subject }: StreamStory,
): ExistsVerdict | undefined {
  const period = auditPeriodOf(exists)
  const first = earlier.find((one) => {
    const other = auditPeriodOf(one.exists)
    return period && other && other.begin === period.begin && other.end === period.end && !one.repeats
  })
  if (!first) return undefined
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

function faultChecks(own: UsageFault | undefined, ofFirst: UsageFault | undefined): ExistsVerdict['checks'] {
  return !own && ofFirst ? [{ rule: 'first exists', outcome: 'fails', text: ofFirst.message }] : []
}
