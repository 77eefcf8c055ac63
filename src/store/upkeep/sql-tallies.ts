import { sql } from 'kysely'
import { hash128 } from '../../domain/hash.ts'
import { OTHER_DETAILS, type Tally, type TallyKind } from '../../domain/tally.ts'
import { wellFormed } from '../../text/well-formed.ts'
import type { StoreContext } from '../context.ts'
import { insertRows } from '../insert-rows.ts'
import type { StoredTally, StreamsOfTrigger, Tallies } from '../ports/tallies.ts'
import { type Reading, readingUntil } from '../queries/reading.ts'
import { bytesHex, hashIn, stateNumber, stateOfNumber } from '../rows.ts'
import type { Executor } from '../schema/schema.ts'
import type { SqlSession } from '../sql-session.ts'

/** Most rows of the table: event types come from outside. */
const MOST_ROWS = 10_000
/** Most characters of a name, which the column takes, and of a detail. */
const [NAME_CHARACTERS, DETAIL_CHARACTERS] = [255, 500]

export function createSqlTallies({ context, transaction, query }: SqlSession): Tallies {
  return {
    async addTallies(tallies) {
      if (tallies.length > 0) await transaction((tx) => addTallies(tx, context, tallies))
    },
    listTallies: (kinds, limit) => query(() => listTallies(context, kinds, limit)),
    sumTallies: (kinds) => query(() => sumTallies(context, kinds)),
    countStreamsByTrigger: (signal) =>
      query(() => countStreamsByTrigger(context, readingUntil(signal, context.dialect))),
  }
}

/** Adds to counts in the order of their hashes: of several processes none waits for another in a circle. */
async function addTallies(tx: Executor, { dialect }: StoreContext, tallies: readonly Tally[]): Promise<void> {
  const named = byHash(tallies)
  const known = await tx.selectFrom('tally').select('hash').where(hashIn('hash', named.keys())).execute()
  const isKnown = new Set(known.map(({ hash }) => bytesHex(hash)))
  const room = MOST_ROWS - (await countRows(tx))
  const fresh = [...named].filter(([hash]) => !isKnown.has(hash))
  const counted = fresh.length <= room ? named : byHash(withoutNew([...named], isKnown))
  const { rows } = await sql<{ now: number }>`select ${sql.raw(dialect.machineNow)} as now`.execute(tx)
  const now = Number(rows[0]?.now)
  await insertRows(
    tx,
    dialect,
    'tally',
    [...counted]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([hash, { kind, name, detail, amount, total }]) => ({
        hash: dialect.bytes(hash),
        ...{ kind, name, detail, amount, total, first_at: now, last_at: now },
      })),
    dialect.onExistingKey(['hash'], ['last_at'], ['amount', 'total']),
  )
}

/** Sums counts of the same kind, name and detail. */
function byHash(tallies: readonly Tally[]): Map<string, Tally> {
  const sums = new Map<string, Tally>()
  for (const tally of tallies) {
    const name = wellFormed(tally.name).slice(0, NAME_CHARACTERS)
    const detail = wellFormed(tally.detail).slice(0, DETAIL_CHARACTERS)
    const hash = hash128(JSON.stringify([tally.kind, name, detail]))
    const { amount = 0, total = 0 } = sums.get(hash) ?? {}
    sums.set(hash, {
      ...{ kind: tally.kind, name, detail },
      ...{ amount: amount + tally.amount, total: total + tally.total },
    })
  }
  return sums
}

function withoutNew(named: readonly (readonly [string, Tally])[], isKnown: ReadonlySet<string>): Tally[] {
  return named.map(([hash, tally]) =>
    isKnown.has(hash) || tally.detail === '' ? tally : { ...tally, detail: OTHER_DETAILS },
  )
}

async function countRows(db: Executor): Promise<number> {
  const row = await db
    .selectFrom('tally')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(row.count)
}

async function listTallies(
  { db }: StoreContext,
  kinds: readonly TallyKind[],
  limit: number,
): Promise<StoredTally[]> {
  const rows = await db
    .selectFrom('tally')
    .selectAll()
    .where('kind', 'in', kinds)
    .orderBy('amount', 'desc')
    .orderBy('hash')
    .limit(limit)
    .execute()
  return rows.map(({ kind, name, detail, amount, total, first_at, last_at }) => ({
    ...{ kind: kind as TallyKind, name, detail, amount: Number(amount), total: Number(total) },
    ...{ firstAt: first_at, lastAt: last_at },
  }))
}

async function sumTallies(
  { db }: StoreContext,
  kinds: readonly TallyKind[],
): Promise<{ kind: TallyKind; name: string; amount: number }[]> {
  const rows = await db
    .selectFrom('tally')
    .select(({ fn }) => ['kind', 'name', fn.sum<number>('amount').as('amount')])
    .where('kind', 'in', kinds)
    .groupBy(['kind', 'name'])
    .orderBy('kind')
    .orderBy('name')
    .execute()
  return rows.map(({ kind, name, amount }) => ({ kind: kind as TallyKind, name, amount: Number(amount) }))
}

async function countStreamsByTrigger({ db }: StoreContext, reading: Reading): Promise<StreamsOfTrigger[]> {
  const active = sql.lit(stateNumber('active'))
  const rows = await db
    .selectFrom('stream')
    .select(({ fn }) => [
      'name',
      'state',
      fn.countAll<number>().as('count'),
      sql<number>`sum(case when state = ${active} and fire_timestamp is not null then 1 else 0 end)`.as(
        'ready',
      ),
    ])
    .groupBy(['name', 'state'])
    .orderBy('name')
    .orderBy('state')
    .execute(reading)
  return rows.map(({ name, state, count, ready }) => ({
    ...{ name, state: stateOfNumber(state) },
    ...{ count: Number(count), ready: Number(ready) },
  }))
}
