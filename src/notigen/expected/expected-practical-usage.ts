import { MICROS_PER_DAY, MICROS_PER_SECOND, type Micros } from '../../domain/time.ts'
import { type AuditPeriod, isWholePeriod } from '../calendar/audit.ts'
import { isCleanUp } from '../instance/chapter.ts'
import { EXISTS } from '../operations/operation.ts'
import { expectedOfExists } from './expected-of-exists.ts'
import { expectedOfPeriods } from './expected-of-periods.ts'
import type { Fact } from './fact.ts'
import type { UsageResult } from './usage-result.ts'

/**
 * Returns the results that usage verification by the practical rules must have for the facts of one stream,
 * in order of time. `begin` is the begin of the stream's day, `others` are the facts that other streams of
 * the instance have when this one is run.
 *
 * Derived from what Nova does, independently of the usage handler, so that each can be tested against the
 * other.
 */
export function expectedPracticalUsage(
  facts: readonly Fact[],
  begin: Micros,
  others: readonly Fact[],
): readonly UsageResult[] {
  const alone = judge(facts, [], begin)
  const isPlain = (results: readonly UsageResult[]) => results.join() === 'verified'
  const periods = expectedOfPeriods(facts, begin, alone.rest.length > 0)
  if (alone.rest.length === 0 && alone.exists.every(isPlain)) return [...alone.exists.flat(), ...periods]
  const near = others.filter(({ at }) => at > begin - MICROS_PER_DAY && at <= begin + 2 * MICROS_PER_DAY)
  const all = judge(facts, near, begin)
  const exists = alone.exists.map((results, index) =>
    isPlain(results) ? results : (all.exists[index] ?? []),
  )
  return [...exists.flat(), ...all.rest, ...periods]
}

type Judged = { readonly exists: readonly (readonly UsageResult[])[]; readonly rest: readonly UsageResult[] }

function judge(own: readonly Fact[], others: readonly Fact[], begin: Micros): Judged {
  const mine = new Set(own)
  const facts = [...others, ...own].sort((a, b) => a.at - b.at)
  const exists = facts.flatMap((fact, index) =>
    fact.eventType === EXISTS && mine.has(fact)
      ? [expectedOfExists(fact, facts.slice(0, index), facts.slice(index + 1))]
      : [],
  )
  return { exists, rest: [...ofUntold(facts, mine), ...ofRest(facts, mine, begin)] }
}

const BEGINNINGS: { readonly [end: string]: string } = {
  'compute.instance.rebuild.end': 'compute.instance.rebuild.start',
  'compute.instance.finish_resize.end': 'compute.instance.resize.prep.start',
  'compute.instance.resize.revert.end': 'compute.instance.resize.revert.start',
  'compute.instance.rescue.end': 'compute.instance.rescue.start',
}
const SETTLED = [...Object.keys(BEGINNINGS), 'compute.instance.create.end', 'compute.instance.unshelve.end']

/** Returns U0 for each operation that no exists precedes to report the usage until then. */
function ofUntold(facts: readonly Fact[], mine: ReadonlySet<Fact>): readonly UsageResult[] {
  return facts.flatMap((fact, index): UsageResult[] => {
    const beginning = BEGINNINGS[fact.eventType]
    if (beginning === undefined || !mine.has(fact)) return []
    const before = facts.slice(0, index)
    const hasBegun = before.some((one) => one.eventType === beginning && one.requestId === fact.requestId)
    const since = before.slice(before.findLastIndex(({ eventType }) => SETTLED.includes(eventType)) + 1)
    const isTold = since.some((one) => one.eventType === EXISTS && !isWhole(one))
    return hasBegun && !isTold ? ['U0'] : []
  })
}

/** Returns the results for the facts after the last exists. */
function ofRest(facts: readonly Fact[], mine: ReadonlySet<Fact>, begin: Micros): readonly UsageResult[] {
  const exists = facts.filter(({ eventType }) => eventType === EXISTS)
  const last = exists.findLast((one) => mine.has(one))
  const after = last ? facts.slice(facts.indexOf(last) + 1) : facts
  const isTold = (fact: Fact) => exists.some((one) => isOfPeriod(fact, one))
  const rest = after.filter((fact) => mine.has(fact) && !isCleanUp(fact) && !isTold(fact))
  const own = facts.filter((fact) => mine.has(fact))
  if (rest.length === 0 || rest.some((fact) => hadEnded(fact, begin))) return []
  if (isLaunchedLater(rest, begin + MICROS_PER_DAY)) return []
  if (
    !last &&
    own.every(({ eventType, launchedAt }) => launchedAt === undefined || eventType === CREATE_ERROR)
  )
    return ['unbilled']
  if (last && isUnderWay(rest, last)) return []
  if (!isOffloaded(rest)) return ['U0']
  if (isShelvingTold(rest, facts)) return []
  return isShelvedAlready(rest[0] as Fact) ? ['unbilled'] : ['U0']
}

const CREATE_ERROR = 'compute.instance.create.error'

function isWhole({ audit }: Fact): boolean {
  return audit === undefined || isWholePeriod(audit)
}

function isOfPeriod({ at }: Fact, { audit }: Fact): boolean {
  return audit !== undefined && isWholePeriod(audit) && isWithin(at, audit)
}

function isWithin(at: Micros, { begin, end }: AuditPeriod): boolean {
  return at >= begin && at < end
}

/** Whether the instance was terminated before the day began: Nova's audit skips such instances. */
function hadEnded({ state, terminatedAt, deletedAt }: Fact, begin: Micros): boolean {
  const ended = terminatedAt ?? deletedAt
  return state === 'deleted' && ended !== undefined && ended <= begin + MICROS_PER_SECOND
}

/** Whether the instance was launched at the end of the day or later: Nova's audit skips these too. */
function isLaunchedLater(rest: readonly Fact[], end: Micros): boolean {
  const launchedAt = rest.findLast((fact) => fact.launchedAt !== undefined)?.launchedAt
  return launchedAt !== undefined && launchedAt >= end - MICROS_PER_SECOND
}

/** Whether all facts belong to the unfinished operation for which the exists was sent. */
function isUnderWay(rest: readonly Fact[], exists: Fact): boolean {
  const ends = [...SETTLED, 'compute.instance.shelve.end', 'compute.instance.delete.end']
  const isEnd = ({ eventType, state, task }: Fact) =>
    ends.includes(eventType) || (state === 'error' && task === undefined)
  return !isWhole(exists) && rest.every((fact) => fact.requestId === exists.requestId && !isEnd(fact))
}

/** Whether the instance has no host after these facts. */
function isOffloaded(rest: readonly Fact[]): boolean {
  let isGone = false
  for (const { eventType, state } of rest) {
    if (eventType === 'compute.instance.unshelve.end') isGone = false
    else if (state === 'shelved_offloaded' || eventType === 'compute.instance.shelve_offload.end')
      isGone = true
  }
  return isGone
}

/** Whether an exists was sent for this shelving. */
function isShelvingTold(rest: readonly Fact[], facts: readonly Fact[]): boolean {
  const back = facts.findLastIndex(({ eventType }) => eventType === 'compute.instance.unshelve.end')
  const requests = rest.filter(({ eventType }) => eventType.startsWith('compute.instance.shelve.'))
  return facts
    .slice(back + 1)
    .some(
      (one) =>
        one.eventType === EXISTS &&
        !isWhole(one) &&
        (one.task === 'shelving' || requests.some(({ requestId }) => requestId === one.requestId)),
    )
}

function isShelvedAlready({ state, task }: Fact): boolean {
  return state.startsWith('shelved') || (task ?? '').startsWith('shelving_')
}
