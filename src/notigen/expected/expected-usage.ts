import { MICROS_PER_DAY, type Micros } from '../../domain/time.ts'
import { DELETE_END } from '../instance/chapter.ts'
import { EXISTS } from '../operations/operation.ts'
import type { UsageCode } from '../trouble/usage-orders.ts'
import type { Fact } from './fact.ts'
import type { UsageResult } from './usage-result.ts'

const OPERATION_END = /^compute\.instance\.(rebuild|finish_resize|rescue)\.end$/

/**
 * Returns the results that usage verification by the rules of StackTach (`rules: stacktach`) must have for
 * the facts of one stream, in order of time.
 *
 * Derived from docs/usage-rules.md, independently of the usage handler, so that each can be tested against
 * the other.
 */
export function expectedUsage(facts: readonly Fact[]): readonly UsageResult[] {
  const results: UsageResult[] = []
  let block: Fact[] = []
  for (const fact of facts) {
    if (fact.eventType !== EXISTS) block.push(fact)
    else {
      results.push(...resultsOf(fact, block))
      block = []
    }
  }
  return block.length > 0 ? [...results, 'U0'] : results
}

function resultsOf(exists: Fact, block: readonly Fact[]): readonly UsageResult[] {
  const failed = launchFailure(exists, block)
  if (failed) return [failed]
  const operation = block.findLast(({ eventType }) => OPERATION_END.test(eventType))
  const isOdd = !operation && !endsNextDay(exists)
  const code = operation && !agree(operation, exists) ? 'U2' : deletionFailure(exists, block)
  return isOdd ? ['warning', code ?? 'verified'] : [code ?? 'verified']
}

function launchFailure(exists: Fact, block: readonly Fact[]): UsageCode | undefined {
  if (exists.state !== 'active') return undefined
  if (exists.launchedAt === undefined) return 'U1'
  return block.length === 0 && isAudited(exists, exists.launchedAt) ? 'U8' : undefined
}

function deletionFailure(exists: Fact, block: readonly Fact[]): UsageCode | undefined {
  const { deletedAt, launchedAt, state } = exists
  const deletions = block.filter(({ eventType }) => eventType === DELETE_END)
  if (deletedAt === undefined) return deletions.length > 0 ? 'U6' : undefined
  if (state !== 'deleted') return 'U3'
  const [deletion] = deletions
  if (deletions.length > 1) return 'U7'
  if (deletion) {
    return deletion.deletedAt === deletedAt && deletion.launchedAt === launchedAt ? undefined : 'U2'
  }
  if (launchedAt === undefined) return 'U1'
  if (deletedAt < launchedAt) return 'U4'
  return isAudited(exists, deletedAt) ? 'U5' : undefined
}

function agree(operation: Fact, exists: Fact): boolean {
  const fields = ['flavor', 'project', 'system', 'launchedAt'] as const
  return fields.every((field) => operation[field] === exists[field])
}

function isAudited({ audit }: Fact, time: Micros): boolean {
  return audit !== undefined && time >= audit.begin && time <= audit.end
}

function endsNextDay({ audit }: Fact): boolean {
  if (!audit) return true
  return Math.floor(audit.end / MICROS_PER_DAY) === Math.floor(audit.begin / MICROS_PER_DAY) + 1
}
