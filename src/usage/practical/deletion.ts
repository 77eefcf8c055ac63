import type { Event } from '../../domain/event.ts'
import { formatIso, type Micros } from '../../domain/time.ts'
import { textOf, timeOf } from '../traits.ts'
import { isAccountedFor } from './audit-period.ts'
import { compareFields, isSameMoment } from './compare.ts'
import type { RuleResult } from './launch.ts'
import { auditPeriodOf, type Entry, nameOf, type StreamStory } from './stream-story.ts'

const FIELDS = ['launched_at', 'deleted_at']
/** Nova sends the second one where the server's host was down */
const DELETE_ENDS = ['delete.end', 'force_delete.end']
const DELETIONS: ReadonlySet<string> = new Set([...DELETE_ENDS, 'soft_delete.end'])
const DELETED_STATES = ['deleted', 'soft-delete', 'soft_deleted']
/** Nova sets deleted_at when these tasks begin. */
const DELETING_TASKS = ['deleting', 'soft-deleting']

/**
 * U2 to U7: the deletion in the exists must agree with the events. A softly deleted server has a deleted_at
 * until it is restored.
 */
export function checkDeletion(
  { event: exists }: Entry,
  before: readonly Entry[],
  story: StreamStory,
): RuleResult {
  const deletions = story.steps.isDisjointFrom(DELETIONS) ? [] : deletionsIn(before)
  const deletion = deletions.at(-1)
  const deletedAt = timeOf(exists, 'deleted_at')
  if (deletedAt === undefined) {
    if (!deletion || isBeingRestored(exists, deletion))
      return holds('not deleted, and no event reports a deletion')
    return fails(
      'U6',
      `.deleted events found but .exists has no deleted_at value (${nameOf(deletion)}, ${nameOf(exists)}).`,
    )
  }
  if (!isDeletedState(exists) && !isSoftTime(deletion, deletedAt)) {
    const state = textOf(exists, 'state') ?? ''
    return fails(
      'U3',
      `.exists state not 'deleted' but .exists deleted_at is set (state '${state}', deleted_at ${formatIso(deletedAt)} of ${nameOf(exists)}).`,
    )
  }
  // An event of a soft deletion is no evidence of the final one.
  const isForGood = textOf(exists, 'state') === 'deleted' && deletion && isSoft(deletion)
  if (!deletion || (isForGood && !isSoftTime(deletion, deletedAt)))
    return checkUntold(exists, deletedAt, story)
  if (deletions.length > 1) {
    return fails('U7', `Multiple .delete.end events (${deletions.map(nameOf).join(', ')})`)
  }
  const { fault, notes } = compareFields(exists, deletion, FIELDS)
  if (fault) return fails(fault.code, fault.message)
  return { notes, ...holds(`deleted at ${formatIso(deletedAt)}, as ${nameOf(deletion)} reports`) }
}

/**
 * Returns the deletions in effect. A restore ends them; a forced deletion of a softly deleted server replaces
 * the soft one.
 */
function deletionsIn(before: readonly Entry[]): readonly Event[] {
  let found: Event[] = []
  for (const { event, step } of before) {
    if (step === 'restore.end') found = []
    else if (step === 'soft_delete.end') found = [event]
    else if (DELETE_ENDS.includes(step) && isDone(event))
      found = [...found.filter((one) => !isSoft(one)), event]
  }
  return found
}

/**
 * Whether a delete.end reports a deletion that took place. Nova also sends one when deleting has failed; the
 * server's state is then unchanged.
 */
function isDone(event: Event): boolean {
  const hasTime = ['deleted_at', 'terminated_at'].some((name) => timeOf(event, name) !== undefined)
  return hasTime || DELETED_STATES.includes(textOf(event, 'state') ?? 'deleted')
}

/** Whether a softly deleted server is being restored: Nova first clears its deleted_at. */
function isBeingRestored(exists: Event, deletion: Event): boolean {
  return isSoft(deletion) && textOf(exists, 'state_description') === 'restoring'
}

/** Whether a time is that of a soft deletion, which stays when the final deletion fails. */
function isSoftTime(deletion: Event | undefined, deletedAt: Micros): boolean {
  const time = deletion && isSoft(deletion) ? timeOf(deletion, 'deleted_at') : undefined
  return time !== undefined && isSameMoment(time, deletedAt)
}

function isSoft({ eventType }: Event): boolean {
  return eventType.endsWith('soft_delete.end')
}

function isDeletedState(exists: Event): boolean {
  return (
    DELETED_STATES.includes(textOf(exists, 'state') ?? '') ||
    DELETING_TASKS.includes(textOf(exists, 'state_description') ?? '')
  )
}

/** Checks an exists of a deleted server whose deletion no event reports. */
function checkUntold(exists: Event, deletedAt: Micros, { range }: StreamStory): RuleResult {
  const launchedAt = timeOf(exists, 'launched_at')
  if (launchedAt === undefined) return fails('U1', `.exists has no launched_at value (${nameOf(exists)}).`)
  if (deletedAt < launchedAt && !isSameMoment(deletedAt, launchedAt)) {
    return fails(
      'U4',
      `.exists deleted_at < .exists launched_at (${formatIso(deletedAt)} < ${formatIso(launchedAt)} of ${nameOf(exists)}).`,
    )
  }
  if (!isAccountedFor(deletedAt, auditPeriodOf(exists), range)) {
    return holds(`deleted at ${formatIso(deletedAt)}, not within the audit period of this stream`)
  }
  return fails(
    'U5',
    `.exists deleted_at in audit period, but no matching .delete event found (deleted_at ${formatIso(deletedAt)} of ${nameOf(exists)}).`,
  )
}

function holds(text: string): RuleResult {
  return { check: { rule: 'deletion', outcome: 'holds', text } }
}

function fails(code: string, message: string): RuleResult {
  return { fault: { code, message }, check: { rule: 'deletion', outcome: 'fails', text: message } }
}
