import { MICROS_PER_SECOND, type Micros } from '../domain/time.ts'
import { isWholePeriod } from './audit.ts'
import { DELETE_END, isCleanUp } from './chapter.ts'
import type { Fact } from './fact.ts'
import { EXISTS } from './operations/operation.ts'
import type { UsageCode } from './usage-orders.ts'
import type { UsageResult } from './usage-result.ts'

const named = (...names: readonly string[]) => new Set(names.map((name) => `compute.instance.${name}`))

/** With these an instance has become what an exists must tell of. */
const BECOMES = named(
  'create.end',
  'rebuild.end',
  'finish_resize.end',
  'resize.revert.end',
  'rescue.end',
  'unshelve.end',
)
/** From these on until then it may be told of as either. */
const CHANGES = named(
  'rebuild.start',
  'resize.prep.start',
  'resize.start',
  'finish_resize.start',
  'resize.revert.start',
  'rescue.start',
  'unshelve.start',
)
const SHELVES = named('shelve.start', 'shelve.end')
const RESTORE_END = 'compute.instance.restore.end'
const SOFT_DELETE_END = 'compute.instance.soft_delete.end'

/** What the practical rules find of an exists, with what the stream holds before and after it. */
export function expectedOfExists(
  exists: Fact,
  before: readonly Fact[],
  after: readonly Fact[],
): readonly UsageResult[] {
  const told = before.find((fact) => fact.eventType === EXISTS && isSamePeriod(fact, exists))
  if (told) return [agree(told, exists) ? ofFirst(told, before) : 'U2']
  const code = launchCode(exists, before) ?? coreCode(exists, before) ?? deletionCode(exists, before)
  const result = code ?? 'verified'
  return isUnannounced(exists, before, after) ? ['warning', result] : [result]
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
  if (deletedAt !== undefined || !isOfPeriod(exists, launchedAt)) return undefined
  return before.some((fact) => fact.eventType !== EXISTS && !isCleanUp(fact)) ? undefined : 'U8'
}

function coreCode(exists: Fact, before: readonly Fact[]): UsageCode | undefined {
  const settled = before.findLastIndex(({ eventType }) => BECOMES.has(eventType))
  const index = settled >= 0 ? settled : before.findLastIndex(({ eventType }) => eventType === EXISTS)
  const reference = before[index]
  if (!reference || agree(reference, exists)) return undefined
  return before.slice(index + 1).some(({ eventType }) => CHANGES.has(eventType)) ? undefined : 'U2'
}

function agree(a: Fact, b: Fact): boolean {
  return a.core === b.core && isSameTime(a.launchedAt, b.launchedAt)
}

/** A time that Nova's database has cut to seconds is that of its memory. */
function isSameTime(a: Micros | undefined, b: Micros | undefined): boolean {
  if (a === undefined || b === undefined || a === b) return true
  const isCut = a % MICROS_PER_SECOND === 0 || b % MICROS_PER_SECOND === 0
  return isCut && Math.abs(a - b) <= MICROS_PER_SECOND
}

function deletionCode(exists: Fact, before: readonly Fact[]): UsageCode | undefined {
  const { launchedAt, deletedAt, state, task } = exists
  const { soft, hard } = deletionsIn(before)
  const deletion = hard[0] ?? soft
  if (deletedAt === undefined) return deletion ? 'U6' : undefined
  const isDeleting = task === 'deleting' || task === 'soft-deleting'
  if (state !== 'deleted' && state !== 'soft-delete' && !isDeleting) return 'U3'
  if (hard.length > 1) return 'U7'
  if (deletion) {
    const isSame = isSameTime(deletion.deletedAt, deletedAt) && isSameTime(deletion.launchedAt, launchedAt)
    return isSame ? undefined : 'U2'
  }
  if (launchedAt === undefined) return 'U1'
  if (deletedAt < launchedAt && !isSameTime(deletedAt, launchedAt)) return 'U4'
  return isOfPeriod(exists, deletedAt) ? 'U5' : undefined
}

/** Those in effect: a restored instance has none, and a hard one takes the place of a soft one. */
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

/** One of a part of a period that no operation explains. */
function isUnannounced(exists: Fact, before: readonly Fact[], after: readonly Fact[]): boolean {
  if (isWhole(exists) || exists.task !== undefined) return false
  if (after.some((fact) => fact.eventType !== EXISTS && fact.requestId === exists.requestId)) return false
  const since = before.slice(before.findLastIndex(({ eventType }) => eventType === EXISTS) + 1)
  return !since.some(
    ({ eventType }) => BECOMES.has(eventType) || CHANGES.has(eventType) || SHELVES.has(eventType),
  )
}

function isSamePeriod(a: Fact, b: Fact): boolean {
  return a.audit?.begin === b.audit?.begin && a.audit?.end === b.audit?.end
}

/** Within its audit period, so that the stream must tell how; databases may round up to its begin. */
function isOfPeriod({ audit }: Fact, time: Micros): boolean {
  return audit !== undefined && time > audit.begin + MICROS_PER_SECOND && time < audit.end
}

function isWhole({ audit }: Fact): boolean {
  return audit === undefined || isWholePeriod(audit)
}
