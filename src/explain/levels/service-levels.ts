import { formatIso, MICROS_PER_DAY } from '../../domain/time.ts'
import { type Attempt, OPERATIONS } from './attempt.ts'

/** What service levels may be told apart by, beside the operation. */
export const DIMENSIONS = ['region', 'host', 'flavour'] as const
export type Dimension = (typeof DIMENSIONS)[number]

/** Upper bounds of the histograms, s; above the last there is one more bucket. */
export const BUCKETS = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600] as const

/** How long an operation took on one day, or over all days. Times are of attempts that came to a good end. */
export type Level = {
  /** the day in UTC; null over all days */
  readonly day: string | null
  readonly operation: string
  /** value of the dimension; null over all of them, and where an attempt has none */
  readonly value: string | null
  readonly attempts: number
  readonly done: number
  readonly failed: number
  /** neither ended nor failed */
  readonly unfinished: number
  readonly mean_s: number | null
  readonly p50_s: number | null
  readonly p90_s: number | null
  readonly p99_s: number | null
  readonly max_s: number | null
  /** number of attempts by bucket, not summed up */
  readonly histogram: readonly number[]
}

/**
 * Sums attempts up by day, operation and one dimension, and over all days. Days come in order; the levels over all days
 * come first.
 */
export function serviceLevels(attempts: readonly Attempt[], by: Dimension | undefined): Level[] {
  const valueBy = (attempt: Attempt) => (by ? (attempt[by] ?? null) : null)
  const levels: Level[] = []
  const days = Map.groupBy(attempts, ({ at }) => formatIso(at - (at % MICROS_PER_DAY)).slice(0, 10))
  for (const [day, of] of [[null, attempts], ...[...days].sort(([a], [b]) => (a < b ? -1 : 1))] as const)
    for (const operation of OPERATIONS) {
      const ofOperation = of.filter((one) => one.operation === operation)
      const byValue = [...Map.groupBy(ofOperation, valueBy)]
      byValue.sort(([a], [b]) => ((a ?? '') < (b ?? '') ? -1 : 1))
      for (const [value, group] of byValue) levels.push(levelOf(day, operation, value, group))
    }
  return levels
}

function levelOf(
  day: string | null,
  operation: string,
  value: string | null,
  attempts: readonly Attempt[],
): Level {
  const count = (outcome: Attempt['outcome']) => attempts.filter((one) => one.outcome === outcome).length
  const done = attempts.filter(({ outcome }) => outcome === 'done')
  const seconds = done.map((one) => one.seconds ?? 0).sort((a, b) => a - b)
  const histogram = [...BUCKETS, Number.POSITIVE_INFINITY].map((bound, index) => {
    const below = index === 0 ? Number.NEGATIVE_INFINITY : (BUCKETS[index - 1] as number)
    return seconds.filter((one) => one > below && one <= bound).length
  })
  const sum = seconds.reduce((total, one) => total + one, 0)
  return {
    ...{ day, operation, value, attempts: attempts.length },
    ...{ done: done.length, failed: count('failed'), unfinished: count('unfinished') },
    mean_s: seconds.length === 0 ? null : rounded(sum / seconds.length),
    p50_s: percentile(seconds, 0.5),
    p90_s: percentile(seconds, 0.9),
    p99_s: percentile(seconds, 0.99),
    max_s: percentile(seconds, 1),
    histogram,
  }
}

/** Returns the value that this share of the sorted values does not exceed, by the nearest rank; null of none. */
function percentile(sorted: readonly number[], share: number): number | null {
  const value = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]
  return value === undefined ? null : rounded(value)
}

function rounded(seconds: number): number {
  return Math.round(seconds * 1000) / 1000
}
