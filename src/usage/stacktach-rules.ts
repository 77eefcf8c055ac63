import type { Event } from '../domain/event.ts'
import { instantFromMicros, type Micros } from '../domain/time.ts'
import { isEqual, presentTrait, pythonText, textOf, timeOf } from './traits.ts'
import type { ExistsVerdict, UsageFault, UsageVerdict } from './verdict.ts'

/** An exists, and the events between it and the exists before it. */
type UsageBlock = { readonly exists: Event; readonly events: readonly Event[] }

const EXISTS = 'compute.instance.exists'
const DELETE_END = 'compute.instance.delete.end'
const DELETE_FIELDS = ['launched_at', 'deleted_at']
const OPERATIONS = ['rebuild.end', 'finish_resize.end', 'rescue.end'].map(
  (name) => `compute.instance.${name}`,
)

/**
 * Verifies the events of a stream by the rules of StackTach.v3, as they were recorded from it. Only old-style
 * notifications count; each exists is checked against the events since the one before.
 *
 * @example
 * const { exists, remainders } = verifyByStacktachRules(events, CORE_FIELDS)
 */
export function verifyByStacktachRules(
  events: readonly Event[],
  coreFields: readonly string[],
): UsageVerdict {
  const verdicts: ExistsVerdict[] = []
  let block: Event[] = []
  for (const event of events) {
    if (event.eventType !== EXISTS) block.push(event)
    else {
      verdicts.push(verdictOf({ exists: event, events: block }, coreFields))
      block = []
    }
  }
  const [first] = block
  const fault = { code: 'U0', message: 'Notifications, but no .exists notification found.' }
  return {
    exists: verdicts,
    remainders: first ? [{ kind: 'fault', existsType: EXISTS, first, fault }] : [],
    periods: undefined,
  }
}

/** Judges an exists. The first check that fails, in their fixed order, gives the fault. */
function verdictOf(block: UsageBlock, coreFields: readonly string[]): ExistsVerdict {
  const launchFault = checkLaunch(block)
  const fault = launchFault ?? checkOperation(block, coreFields) ?? checkDeletion(block)
  return {
    exists: block.exists,
    fault,
    warnings: launchFault ? [] : usageWarnings(block),
    notes: [],
    repeats: undefined,
    checks: fault
      ? [{ rule: fault.code, outcome: 'fails', text: fault.message }]
      : [{ rule: 'U1 to U8', outcome: 'holds', text: `against ${block.events.length} events before it` }],
  }
}

function usageWarnings({ exists, events }: UsageBlock): string[] {
  if (lastOperation(events) || isWholeDay(exists)) return []
  return [`Non-EOD .exists found (msg_id: ${exists.messageId}) with no operation event.`]
}

function checkLaunch({ exists, events }: UsageBlock): UsageFault | undefined {
  if (textOf(exists, 'state') !== 'active') return undefined
  const launchedAt = timeOf(exists, 'launched_at')
  if (launchedAt === undefined) return noLaunch()
  if (events.length > 0 || !isInPeriod(exists, launchedAt)) return undefined
  return { code: 'U8', message: '.exists launched_at in audit period, but no related events found.' }
}

function noLaunch(): UsageFault {
  return { code: 'U1', message: '.exists has no launched_at value.' }
}

function checkOperation(
  { exists, events }: UsageBlock,
  coreFields: readonly string[],
): UsageFault | undefined {
  const operation = lastOperation(events)
  return operation && firstConflict(operation, exists, coreFields)
}

function lastOperation(events: readonly Event[]): Event | undefined {
  return events.findLast(({ eventType }) => OPERATIONS.includes(eventType))
}

function checkDeletion({ exists, events }: UsageBlock): UsageFault | undefined {
  const deletes = events.filter(({ eventType }) => eventType === DELETE_END)
  const deletedAt = timeOf(exists, 'deleted_at')
  if (deletedAt === undefined) {
    if (deletes.length === 0) return undefined
    return { code: 'U6', message: '.deleted events found but .exists has no deleted_at value.' }
  }
  if (textOf(exists, 'state') !== 'deleted') {
    return { code: 'U3', message: ".exists state not 'deleted' but .exists deleted_at is set." }
  }
  const [deletion] = deletes
  if (!deletion) return checkDeletedAt(exists, deletedAt)
  if (deletes.length > 1) return { code: 'U7', message: 'Multiple .delete.end events' }
  return firstConflict(exists, deletion, DELETE_FIELDS)
}

/** Checks the deletion time of an exists without a delete.end before it. */
function checkDeletedAt(exists: Event, deletedAt: Micros): UsageFault | undefined {
  const launchedAt = timeOf(exists, 'launched_at')
  if (launchedAt === undefined) return noLaunch()
  if (deletedAt < launchedAt) return { code: 'U4', message: '.exists deleted_at < .exists launched_at.' }
  if (!isInPeriod(exists, deletedAt)) return undefined
  return { code: 'U5', message: '.exists deleted_at in audit period, but no matching .delete event found.' }
}

/**
 * Returns the fault of the first field that differs; undefined when none does. A field that both lack is
 * skipped; one that only one of them has is a conflict.
 */
function firstConflict(a: Event, b: Event, fields: readonly string[]): UsageFault | undefined {
  for (const field of fields) {
    const [x, y] = [presentTrait(a, field), presentTrait(b, field)]
    if (x === undefined && y === undefined) continue
    if (x && y && isEqual(x, y)) continue
    return { code: 'U2', message: `Conflicting '${field}' values ('${pythonText(x)}' != '${pythonText(y)}')` }
  }
  return undefined
}

/** Whether a time is in the audit period of an exists, both ends included. */
function isInPeriod(exists: Event, time: Micros): boolean {
  const beginning = timeOf(exists, 'audit_period_beginning')
  const ending = timeOf(exists, 'audit_period_ending')
  return beginning !== undefined && ending !== undefined && time >= beginning && time <= ending
}

/** Whether the audit period ends on the day after it begins, or is missing. */
function isWholeDay(exists: Event): boolean {
  const beginning = timeOf(exists, 'audit_period_beginning')
  const ending = timeOf(exists, 'audit_period_ending')
  if (beginning === undefined || ending === undefined) return true
  return instantFromMicros(ending).day === instantFromMicros(beginning).day + 1
}
