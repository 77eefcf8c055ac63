import { MICROS_PER_SECOND, type Micros } from '../../domain/time.ts'
import { isWholePeriod } from '../calendar/audit.ts'
import { DELETE_END, isCleanUp } from '../instance/chapter.ts'
import { EXISTS } from '../operations/operation.ts'
import type { UsageCode } from '../trouble/usage-orders.ts'
import type { Fact } from './fact.ts'
import type { UsageResult } from './usage-result.ts'

const named = (...names: readonly string[]) => new Set(names.map((name) => `compute.instance.${name}`))

/**
 * Event types with which an instance reaches the state that the next exists must report. The rules of usage have a
 * list of their own: what is expected must not come from what is tested.
 */
const BECOMES = named(
  'create.end',
  'rebuild.end',
  'finish_resize.end',
  'resize.revert.end',
  'rescue.end',
  'unshelve.end',
)
type Field = 'launchedAt' | 'flavor' | 'project' | 'system'
const FIELDS: readonly Field[] = ['launchedAt', 'flavor', 'project', 'system']

/** Fields in which either value is allowed, from these event types until the operation is complete. */
const CHANGES: { readonly [eventType: string]: readonly Field[] } = {
  'compute.instance.rebuild.start': ['launchedAt', 'system'],
  'compute.instance.resize.prep.start': ['launchedAt', 'flavor'],
  'compute.instance.resize.start': ['launchedAt', 'flavor'],
  'compute.instance.finish_resize.start': ['launchedAt', 'flavor'],
  'compute.instance.resize.revert.start': ['launchedAt', 'flavor'],
  'compute.instance.rescue.start': ['launchedAt'],
  'compute.instance.unshelve.start': ['launchedAt'],
}
/** Event types that begin a change, by the task they begin with. */
const TASKS: { readonly [task: string]: string } = {
  rebuilding: 'compute.instance.rebuild.start',
  resize_prep: 'compute.instance.resize.prep.start',
  resize_reverting: 'compute.instance.resize.revert.start',
  rescuing: 'compute.instance.rescue.start',
  unshelving: 'compute.instance.unshelve.start',
}
const SHELVES = named('shelve.start', 'shelve.end')
const RESTORE_END = 'compute.instance.restore.end'
const SOFT_DELETE_END = 'compute.instance.soft_delete.end'

/**
 * Returns the results of the practical rules for an exists, given the facts of the stream before and after
 * it.
 */
export function expectedOfExists(
  exists: Fact,
  before: readonly Fact[],
  after: readonly Fact[],
): readonly UsageResult[] {
  const told = before.find((fact) => fact.eventType === EXISTS && isSamePeriod(fact, exists))
  if (told && hasOtherDeletion(told, exists))
    return expectedOfExists(
      exists,
      before.filter((fact) => fact !== told),
      after,
    )
  if (told) return [agree(told, exists) ? ofFirst(told, before) : 'U2']
  const result = codeOf(exists, before) ?? 'verified'
  return isUnannounced(exists, before, after) ? ['warning', result] : [result]
}

/**
 * Returns the code of an exists, if any. The audit reads the instance some time after the end of the period,
 * so the exists is right if it matches the facts with or without those after that end.
 */
function codeOf(exists: Fact, before: readonly Fact[]): UsageCode | undefined {
  const judge = (known: readonly Fact[]) =>
    launchCode(exists, known) ?? coreCode(exists, known) ?? deletionCode(exists, known)
  const code = judge(before)
  const end = exists.audit?.end
  if (code === undefined || end === undefined || !isWhole(exists)) return code
  const other = judge(before.filter(({ at }) => at < end))
  return other === undefined ? undefined : code
}

function ofFirst(told: Fact, before: readonly Fact[]): UsageResult {
  const index = before.indexOf(told)
  return expectedOfExists(told, before.slice(0, index), before.slice(index + 1)).at(-1) as UsageResult
}

function launchCode(exists: Fact, before: readonly Fact[]): UsageCode | undefined {
  const { launchedAt, deletedAt, state } = exists
  if (launchedAt === undefined) {
    const mayBe =
      !isWhole(exists) && state !== 'active' && before.every((fact) => fact.launchedAt === undefined)
    return mayBe ? undefined : 'U1'
  }
  const isGone = deletedAt !== undefined && isOfPeriod(exists, deletedAt)
  if (isGone || !isOfPeriod(exists, launchedAt)) return undefined
  const begin = exists.audit?.begin ?? 0
  const tells = (fact: Fact) => fact.eventType !== EXISTS && !isCleanUp(fact) && fact.at >= begin
  return before.some(tells) ? undefined : 'U8'
}

function coreCode(exists: Fact, before: readonly Fact[]): UsageCode | undefined {
  const settled = before.findLastIndex(({ eventType }) => BECOMES.has(eventType))
  const index =
    settled >= 0 ? settled : before.findLastIndex((fact) => fact.eventType === EXISTS || rests(fact))
  const reference = before[index]
  if (!reference) return undefined
  const since = before.slice(index + 1)
  const open = isWhole(exists) ? changedSince(since, exists) : []
  const failed = open.length > 0 ? undefined : failedSince(since)
  const isRight = agree(reference, exists, failed?.fields ?? open)
  const isLeft =
    !failed ||
    agree(
      failed.fact,
      exists,
      FIELDS.filter((field) => !failed.fields.includes(field)),
    )
  return isRight && isLeft ? undefined : 'U2'
}

/** Returns what a failed operation has left, and the fields it may have changed. */
function failedSince(
  facts: readonly Fact[],
): { readonly fact: Fact; readonly fields: readonly Field[] } | undefined {
  const fields = new Set<Field>()
  let fact: Fact | undefined
  for (const one of facts) {
    const begun = changesOf(one)
    for (const field of begun ?? []) fields.add(field)
    if (!begun && fields.size > 0 && one.state === 'error' && rests(one)) fact = one
  }
  return fact && { fact, fields: [...fields] }
}

/** Returns the fields that an operation in progress may be changing when an exists is sent. */
function changedSince(facts: readonly Fact[], exists: Fact): readonly Field[] {
  let fields: readonly Field[] = []
  for (const fact of facts) {
    const begun = changesOf(fact)
    if (begun) fields = begun
    else if (fact.eventType.endsWith('.error') || rests(fact)) fields = []
  }
  return fields.length > 0 ? fields : (CHANGES[TASKS[exists.task ?? ''] ?? ''] ?? [])
}

function changesOf({ eventType, task }: Fact): readonly Field[] | undefined {
  return CHANGES[eventType] ?? CHANGES[TASKS[task ?? ''] ?? '']
}

/** Whether the instance is launched and no task is in progress. */
function rests({ eventType, launchedAt, task }: Fact): boolean {
  return launchedAt !== undefined && task === undefined && !eventType.endsWith('.start')
}

function agree(a: Fact, b: Fact, open: readonly Field[] = []): boolean {
  return FIELDS.every((field) => {
    if (open.includes(field)) return true
    return field === 'launchedAt' ? isSameTime(a.launchedAt, b.launchedAt) : a[field] === b[field]
  })
}

/** Whether two times are the same, where one may be from Nova's database, which cuts to seconds. */
function isSameTime(a: Micros | undefined, b: Micros | undefined): boolean {
  if (a === undefined || b === undefined || a === b) return true
  const isCut = a % MICROS_PER_SECOND === 0 || b % MICROS_PER_SECOND === 0
  return isCut && Math.abs(a - b) <= MICROS_PER_SECOND
}

function deletionCode(exists: Fact, before: readonly Fact[]): UsageCode | undefined {
  const { launchedAt, deletedAt, state, task } = exists
  const { soft, hard } = deletionsIn(before)
  const deletion = hard[0] ?? soft
  const isSoft = deletion !== undefined && hard.length === 0
  if (deletedAt === undefined) return deletion && !(isSoft && task === 'restoring') ? 'U6' : undefined
  const isSoftTime = isSoft && deletion.deletedAt !== undefined && isSameTime(deletion.deletedAt, deletedAt)
  const isDeleting = task === 'deleting' || task === 'soft-deleting'
  if (state !== 'deleted' && state !== 'soft-delete' && !isDeleting && !isSoftTime) return 'U3'
  if (hard.length > 1) return 'U7'
  if (deletion && !(isSoft && state === 'deleted' && !isSoftTime)) {
    const isSame = isSameTime(deletion.deletedAt, deletedAt) && isSameTime(deletion.launchedAt, launchedAt)
    return isSame ? undefined : 'U2'
  }
  if (launchedAt === undefined) return 'U1'
  if (deletedAt < launchedAt && !isSameTime(deletedAt, launchedAt)) return 'U4'
  return isOfPeriod(exists, deletedAt) ? 'U5' : undefined
}

/** Returns the deletions in effect: a restored instance has none, and a hard deletion replaces a soft one. */
function deletionsIn(before: readonly Fact[]): {
  readonly soft: Fact | undefined
  readonly hard: readonly Fact[]
} {
  const restored = before.findLastIndex(({ eventType }) => eventType === RESTORE_END)
  const since = before.slice(restored + 1)
  return {
    soft: since.findLast(({ eventType }) => eventType === SOFT_DELETE_END),
    hard: since.filter(({ eventType }) => eventType === DELETE_END),
  }
}

/** Whether an exists of a part of a period is explained by no operation. */
function isUnannounced(exists: Fact, before: readonly Fact[], after: readonly Fact[]): boolean {
  if (isWhole(exists) || exists.task !== undefined) return false
  if (after.some((fact) => fact.eventType !== EXISTS && fact.requestId === exists.requestId)) return false
  const since = before.slice(before.findLastIndex(({ eventType }) => eventType === EXISTS) + 1)
  return !since.some(
    ({ eventType }) => BECOMES.has(eventType) || eventType in CHANGES || SHELVES.has(eventType),
  )
}

function isSamePeriod(a: Fact, b: Fact): boolean {
  return a.audit?.begin === b.audit?.begin && a.audit?.end === b.audit?.end
}

/**
 * Whether a time is within the audit period of an exists, so that the stream must explain it. Databases may
 * round up to the begin.
 */
function isOfPeriod({ audit }: Fact, time: Micros): boolean {
  return audit !== undefined && time > audit.begin + MICROS_PER_SECOND && time < audit.end
}

function isWhole({ audit }: Fact): boolean {
  return audit === undefined || isWholePeriod(audit)
}

/** Whether two exists of a period differ in a deletion within it. */
function hasOtherDeletion(a: Fact, b: Fact): boolean {
  const [x, y] = [a, b].map(({ deletedAt }) =>
    deletedAt !== undefined && deletedAt < (b.audit?.end ?? deletedAt + 1) ? deletedAt : undefined,
  )
  return x === undefined || y === undefined ? x !== y : !isSameTime(x, y)
}
