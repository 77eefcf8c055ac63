import type { Event } from '../../domain/event.ts'
import { formatIso, instantFromMicros, type Micros } from '../../domain/time.ts'
import { canonicalTrait, type Trait } from '../../domain/trait.ts'

/** Why an exists does not agree with the events before it. */
export type UsageFault = { readonly code: string; readonly message: string }

/** What is checked of one exists: the events that stand before it, back to the exists before. */
export type UsageBlock = { readonly exists: Event; readonly events: readonly Event[] }

/** Fields in which an exists must agree with the operations before it. */
export const CORE_FIELDS: readonly string[] = [
  'launched_at',
  'instance_flavor_id',
  'tenant_id',
  'os_architecture',
  'os_version',
  'os_distro',
]

const DELETE_FIELDS = ['launched_at', 'deleted_at']
const OPERATIONS = ['rebuild.end', 'finish_resize.end', 'rescue.end'].map(
  (name) => `compute.instance.${name}`,
)
const DELETE_END = 'compute.instance.delete.end'

export type UsageVerdict = { readonly fault: UsageFault | undefined; readonly warnings: readonly string[] }

/** The first check that fails, in their fixed order, and the odd things that keep no exists from being verified. */
export function checkUsage(block: UsageBlock, coreFields: readonly string[]): UsageVerdict {
  const launchFault = checkLaunch(block)
  if (launchFault) return { fault: launchFault, warnings: [] }
  const fault = checkOperation(block, coreFields) ?? checkDeletion(block)
  return { fault, warnings: usageWarnings(block) }
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

/** Deleted without an event that says so. */
function checkDeletedAt(exists: Event, deletedAt: Micros): UsageFault | undefined {
  const launchedAt = timeOf(exists, 'launched_at')
  if (launchedAt === undefined) return noLaunch()
  if (deletedAt < launchedAt) return { code: 'U4', message: '.exists deleted_at < .exists launched_at.' }
  if (!isInPeriod(exists, deletedAt)) return undefined
  return { code: 'U5', message: '.exists deleted_at in audit period, but no matching .delete event found.' }
}

/** A field that both lack is passed over; one that only one of them has is a conflict. */
function firstConflict(a: Event, b: Event, fields: readonly string[]): UsageFault | undefined {
  for (const field of fields) {
    const [x, y] = [presentTrait(a, field), presentTrait(b, field)]
    if (x === undefined && y === undefined) continue
    if (x && y && isEqual(x, y)) continue
    return { code: 'U2', message: `Conflicting '${field}' values ('${pythonText(x)}' != '${pythonText(y)}')` }
  }
  return undefined
}

/** Numbers are equal by value, whatever their types. */
function isEqual(a: Trait, b: Trait): boolean {
  const isNumber = ({ type }: Trait) => type === 'int' || type === 'float'
  if (isNumber(a) && isNumber(b)) return Number(a.value) === Number(b.value)
  return canonicalTrait(a) === canonicalTrait(b)
}

/** As Python's str() prints a value. */
function pythonText(trait: Trait | undefined): string {
  if (!trait || trait.type === 'none') return 'None'
  if (trait.type === 'datetime') return formatIso(trait.value).replace('T', ' ')
  const text = String(trait.value)
  return trait.type === 'float' && Number.isInteger(trait.value) && /^-?\d+$/.test(text) ? `${text}.0` : text
}

/** Both ends of the audit period belong to it. */
function isInPeriod(exists: Event, time: Micros): boolean {
  const beginning = timeOf(exists, 'audit_period_beginning')
  const ending = timeOf(exists, 'audit_period_ending')
  return beginning !== undefined && ending !== undefined && time >= beginning && time <= ending
}

/** Whether the audit period ends on the day after it begins, or is not told. */
function isWholeDay(exists: Event): boolean {
  const beginning = timeOf(exists, 'audit_period_beginning')
  const ending = timeOf(exists, 'audit_period_ending')
  if (beginning === undefined || ending === undefined) return true
  return instantFromMicros(ending).day === instantFromMicros(beginning).day + 1
}

/** A trait that says something: null and the empty text do not. */
function presentTrait(event: Event, name: string): Trait | undefined {
  const trait = Object.hasOwn(event.traits, name) ? event.traits[name] : undefined
  return trait && trait.type !== 'none' && trait.value !== '' ? trait : undefined
}

function timeOf(event: Event, name: string): Micros | undefined {
  const trait = presentTrait(event, name)
  return trait?.type === 'datetime' ? trait.value : undefined
}

function textOf(event: Event, name: string): string | undefined {
  const trait = presentTrait(event, name)
  return trait?.type === 'text' ? trait.value : undefined
}
