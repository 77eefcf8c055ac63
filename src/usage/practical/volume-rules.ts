import type { Event } from '../../domain/event.ts'
import { formatIso } from '../../domain/time.ts'
import { textOf, timeOf } from '../traits.ts'
import type { RemainderVerdict, UsageVerdict } from '../verdict.ts'
import { isAccountedFor } from './audit-period.ts'
import { checkCoreFields } from './core-fields.ts'
import { checkCoverage } from './coverage.ts'
import { verdictsOn } from './exists-verdicts.ts'
import type { RuleResult } from './launch.ts'
import { checkPeriods } from './periods.ts'
import { isToldOf, noExists } from './remainder.ts'
import {
  auditPeriodOf,
  createStory,
  type Entry,
  nameOf,
  type Period,
  type StreamStory,
} from './stream-story.ts'
import type { Subject } from './subject.ts'

/** States of a volume or snapshot with no operation under way. */
const RESTING = ['available', 'in-use', 'reserved']

/** Returns the subject for Cinder's volumes or snapshots. */
function cinderSubject(prefix: string, coreFields: readonly string[]): Subject {
  return {
    stepOf(event) {
      const { eventType } = event
      if (!eventType.startsWith(prefix) || isToldAgain(event)) return undefined
      const step = eventType.slice(prefix.length)
      return step.startsWith('exists.') ? undefined : step
    },
    settling: ['create.end', 'resize.end', 'retype', 'manage_existing.end', 'transfer.accept.end'],
    unsettling: {
      'create.start': coreFields,
      'resize.start': ['size_gb'],
      'manage_existing.start': coreFields,
      'transfer.accept.start': ['tenant_id'],
    },
    underWay: () => undefined,
    coreFields,
    usedSince: 'created_at',
    isAtRest: (event, step) => !step.endsWith('.start') && RESTING.includes(textOf(event, 'state') ?? ''),
    hasFailed: () => false,
  }
}

/**
 * Whether an event is the audit's repetition of a creation or deletion in its period (--send_actions), which
 * is sent at the audit's time.
 */
function isToldAgain(event: Event): boolean {
  const period = auditPeriodOf(event)
  return period !== undefined && period.begin === period.end
}

/** The subjects of Cinder's streams. */
const CINDER_SUBJECTS = {
  volume: cinderSubject('volume.', ['tenant_id', 'size_gb', 'volume_type']),
  // a snapshot's tenant changes with that of its volume, without any notification
  snapshot: cinderSubject('snapshot.', ['size_gb', 'volume_id']),
} as const

/**
 * Verifies the events of a volume or a snapshot: each exists against the events before it. Cinder's audit
 * reports everything that existed in its period, but not when it was deleted.
 */
export function verifyCinderUsage(
  events: readonly Event[],
  {
    subject,
    range,
    others = [],
  }: {
    readonly subject: keyof typeof CINDER_SUBJECTS
    readonly range: Period | undefined
    readonly others?: readonly Event[]
  },
): UsageVerdict {
  const story = createStory(events, others, range, CINDER_SUBJECTS[subject])
  const rules = [checkCreation, checkCoreFields, checkCoverage]
  const exists = verdictsOn(story, (entry, before) => ({
    results: rules.map((rule) => rule(entry, before, story)),
  }))
  const remainder = checkRest(story, `${subject}.exists`)
  return {
    exists,
    remainders: remainder ? [remainder] : [],
    periods: checkPeriods(exists, story, remainder === undefined),
  }
}

/** U8: created within the audit period, and no event reports the creation. */
function checkCreation(
  { event: exists }: Entry,
  before: readonly Entry[],
  { range }: StreamStory,
): RuleResult {
  const createdAt = timeOf(exists, 'created_at')
  const related = before.filter(({ step }) => step !== 'exists')
  // A volume that no host accepted has sent no notification.
  const isBroken = textOf(exists, 'state') === 'error' && textOf(exists, 'host') === undefined
  const isNew =
    createdAt !== undefined && !isBroken && isAccountedFor(createdAt, auditPeriodOf(exists), range)
  if (!isNew || related.length > 0) {
    const text = isNew ? `${related.length} events report it` : 'not created within the audit period'
    return { check: { rule: 'creation', outcome: 'holds', text } }
  }
  const message = `.exists created_at in audit period, but no related events found (created_at ${formatIso(createdAt)} of ${nameOf(exists)}).`
  return { fault: { code: 'U8', message }, check: { rule: 'creation', outcome: 'fails', text: message } }
}

/** U0: events that no exists follows. */
function checkRest({ entries }: StreamStory, existsType: string): RemainderVerdict | undefined {
  const last = entries.findLastIndex(({ step }) => step === 'exists')
  const first = entries
    .slice(last + 1)
    .find((entry) => !entry.isElsewhere && !isToldOf(entry, entries[last]))?.event
  return first && { kind: 'fault', existsType, first, fault: noExists(entries[last]) }
}
