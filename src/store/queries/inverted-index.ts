import { sql } from 'kysely'
import type { ValueCondition } from '../../domain/trait-condition.ts'
import { hashIn } from '../rows.ts'
import { bucketOf, type Executor, firstIdOf } from '../schema/schema.ts'
import { traitHash } from '../trait-codec.ts'
import { inParts } from './in-parts.ts'
import type { Reading } from './reading.ts'

/** Most ids per portion. */
const PORTION = 1000
/** Most buckets that are looked up at a time: the hits of a rare trait are far apart. */
const MOST_BUCKETS = 256
/** Factor by which the number of buckets grows while they hold few hits. */
const WIDENING = 8
/** Queries that run at the same time: the hits of each bucket have a page of their own, perhaps on disk. */
const QUERIES = 4
/** Fewest buckets per query, where there are as many. */
const FEW_BUCKETS = 8

/** The ids from `low` to `high`, both included, upwards or downwards. */
export type IdRange = { readonly low: number; readonly high: number; readonly ascending: boolean }

const INDEX = {
  event: { table: 'event_trait', id: 'event_id' },
  stream: { table: 'stream_trait', id: 'stream_id' },
} as const

export type WalkOptions = {
  /** buckets that are known to hold no id of interest */
  readonly inVain?: ReadonlySet<number> | undefined
  /** whether many ids are wanted, so that the first buckets need not be looked up one at a time */
  readonly wantsMany?: boolean | undefined
}

/**
 * Yields the ids whose trait hashes meet the conditions, in portions in the range's order, by the inverted
 * index. Hashes may collide: the caller compares the traits themselves.
 */
export async function* idsByTraits(
  db: Executor,
  kind: keyof typeof INDEX,
  conditions: readonly ValueCondition[],
  range: IdRange,
  reading: Reading = {},
  { inVain = new Set(), wantsMany = false }: WalkOptions = {},
): AsyncGenerator<readonly number[]> {
  let width = wantsMany ? WIDENING : 1
  let rest: IdRange | undefined = range
  while (rest && rest.low <= rest.high) {
    const buckets = nextBuckets(rest, width, inVain)
    let hits = 0
    for (let part: IdRange | undefined = rest; part; ) {
      const ids = await lookUpAll(db, kind, conditions, buckets, part, reading)
      if (ids.length > 0) yield ids
      hits += ids.length
      part = ids.length < PORTION ? undefined : beyond(part, ids.at(-1) as number)
    }
    width = hits < PORTION / 4 ? Math.min(width * WIDENING, MOST_BUCKETS) : 1
    rest = afterBuckets(rest, buckets)
  }
}

function nextBuckets(
  { low, high, ascending }: IdRange,
  width: number,
  inVain: ReadonlySet<number>,
): number[] {
  const [first, last] = [bucketOf(low), bucketOf(high)]
  const buckets: number[] = []
  for (let index = 0; buckets.length < width && index <= last - first; index++) {
    const bucket = ascending ? first + index : last - index
    if (!inVain.has(bucket)) buckets.push(bucket)
  }
  return buckets
}

/** Returns the first ids of buckets, at most one portion. */
async function lookUpAll(
  db: Executor,
  kind: keyof typeof INDEX,
  conditions: readonly ValueCondition[],
  buckets: readonly number[],
  range: IdRange,
  reading: Reading,
): Promise<number[]> {
  // Buckets are in the order of their ids, and so are the results one after another.
  const found = await Promise.all(
    inParts(buckets, QUERIES, FEW_BUCKETS).map((some) => lookUp(db, kind, conditions, some, range, reading)),
  )
  return found.flat().slice(0, PORTION)
}

async function lookUp(
  db: Executor,
  kind: keyof typeof INDEX,
  conditions: readonly ValueCondition[],
  buckets: readonly number[],
  { low, high, ascending }: IdRange,
  reading: Reading,
): Promise<number[]> {
  const { table, id } = INDEX[kind]
  const [first, ...others] = conditions.map(({ name, values }) =>
    values.map((value) => traitHash(name, value)),
  )
  const joins = others.map((hashes, index) => {
    const alias = `t${index + 1}`
    return sql`inner join ${sql.table(table)} as ${sql.ref(alias)}
      on ${sql.ref(`${alias}.bucket`)} = t0.bucket and ${sql.ref(`${alias}.${id}`)} = ${sql.ref(`t0.${id}`)}
      and ${hashIn(`${alias}.hash`, hashes)}`
  })
  const { rows } = await sql<{ id: number }>`
    select ${sql.ref(`t0.${id}`)} as id from ${sql.table(table)} as t0 ${sql.join(joins, sql` `)}
    where t0.bucket in (${sql.join(buckets)}) and ${hashIn('t0.hash', first ?? [])}
      and ${sql.ref(`t0.${id}`)} between ${low} and ${high}
    order by ${sql.ref(`t0.${id}`)} ${sql.raw(ascending ? 'asc' : 'desc')} limit ${PORTION}`.execute(
    db,
    reading,
  )
  return rows.map((row) => Number(row.id))
}

/** Returns the part of a range beyond an id. */
export function beyond(range: IdRange, id: number): IdRange {
  return range.ascending ? { ...range, low: id + 1 } : { ...range, high: id - 1 }
}

function afterBuckets(range: IdRange, buckets: readonly number[]): IdRange | undefined {
  const last = buckets.at(-1)
  if (last === undefined) return undefined
  return range.ascending ? { ...range, low: firstIdOf(last + 1) } : { ...range, high: firstIdOf(last) - 1 }
}
