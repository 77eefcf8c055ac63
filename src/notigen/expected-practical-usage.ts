import { MICROS_PER_SECOND, type Micros } from '../domain/time.ts'
import { type AuditPeriod, isWholePeriod } from './audit.ts'
import { isCleanUp } from './chapter.ts'
import { expectedOfExists } from './expected-of-exists.ts'
import type { Fact } from './fact.ts'
import { EXISTS } from './operations/operation.ts'
import type { UsageResult } from './usage-result.ts'

/**
 * What verifying the usage of an instance must find by the practical rules in the facts of one stream, in order of
 * their time; `begin` is that of the stream's day. Written from what Nova does, apart from the usage handler, so that
 * each can be held against the other.
 */
export function expectedPracticalUsage(facts: readonly Fact[], begin: Micros): readonly UsageResult[] {
  const results = facts.flatMap((fact, index) =>
    fact.eventType === EXISTS ? expectedOfExists(fact, facts.slice(0, index), facts.slice(index + 1)) : [],
  )
  return [...results, ...ofRest(facts, begin), ...ofPeriods(facts)]
}

/** What stands after the last exists. */
function ofRest(facts: readonly Fact[], begin: Micros): readonly UsageResult[] {
  const last = facts.findLast(({ eventType }) => eventType === EXISTS)
  const after = last ? facts.slice(facts.lastIndexOf(last) + 1) : facts
  const rest = after.filter((fact) => !isCleanUp(fact) && !(last && isOfPeriod(fact, last)))
  if (rest.length === 0 || rest.some((fact) => hadEnded(fact, begin))) return []
  if (facts.every(({ launchedAt }) => launchedAt === undefined)) return ['unbilled']
  if (!isOffloaded(rest)) return ['U0']
  if (last && tellsOfShelving(last, after)) return []
  return rest.some(isShelving) ? ['U0'] : ['unbilled']
}

function isOfPeriod({ at }: Fact, { audit }: Fact): boolean {
  return audit !== undefined && isWholePeriod(audit) && at < audit.end
}

/** Nova's audit passes over what was terminated before the day began. */
function hadEnded({ state, terminatedAt, deletedAt }: Fact, begin: Micros): boolean {
  const ended = terminatedAt ?? deletedAt
  return state === 'deleted' && ended !== undefined && ended <= begin + MICROS_PER_SECOND
}

/** Whether it is on no host at the end. */
function isOffloaded(rest: readonly Fact[]): boolean {
  let isGone = false
  for (const { eventType, state } of rest) {
    if (eventType === 'compute.instance.unshelve.end') isGone = false
    else if (state === 'shelved_offloaded' || eventType === 'compute.instance.shelve_offload.end')
      isGone = true
  }
  return isGone
}

function tellsOfShelving({ task, requestId }: Fact, after: readonly Fact[]): boolean {
  return task === 'shelving' || after.some((fact) => isShelving(fact) && fact.requestId === requestId)
}

function isShelving({ eventType }: Fact): boolean {
  return eventType.startsWith('compute.instance.shelve.')
}

function wasOffloaded(facts: readonly Fact[], { begin, end }: AuditPeriod): boolean {
  return facts.some(({ at, state }) => at >= begin && at < end && state === 'shelved_offloaded')
}

/** Hours, or days, must follow each other, but for those in which it was given up by its host and not yet taken back. */
function ofPeriods(facts: readonly Fact[]): readonly UsageResult[] {
  const periods = new Map<string, AuditPeriod>()
  for (const { eventType, audit } of facts) {
    if (eventType === EXISTS && audit && isWholePeriod(audit))
      periods.set(`${audit.begin} ${audit.end}`, audit)
  }
  const [first, ...others] = [...periods.values()].sort((a, b) => a.begin - b.begin || a.end - b.end)
  if (!first || others.length === 0) return []
  let { end } = first
  for (const period of others) {
    if (period.begin < end) return ['U10']
    if (period.begin > end && !wasOffloaded(facts, { begin: end, end: period.end })) return ['U9']
    end = period.end
  }
  return ['day']
}
