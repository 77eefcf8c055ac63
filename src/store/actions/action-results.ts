import { sql } from 'kysely'
import { OUTCOMES, type Outcome } from '../../domain/action.ts'
import type { StoreContext } from '../context.ts'
import { upsertRows } from '../insert-rows.ts'
import type { ActionResult, HeldAction, ItemOutcome, OutcomeCounts } from '../ports/actions.ts'
import type { Page } from '../ports/queries.ts'
import { stateNumber } from '../rows.ts'
import type { Executor } from '../schema/schema.ts'

/** Outcomes as action_result keeps them. What is `running` follows from the stream as it is by now. */
const NUMBERS = { waiting: 1, begun: 2, done: 3, failed: 4 } as const

const REASON_CHARACTERS = 1000

export async function addItems(
  tx: Executor,
  { dialect }: StoreContext,
  { id }: HeldAction,
  items: readonly number[],
): Promise<void> {
  const rows = items.map((item) => ({ action_id: id, item_id: item, outcome: NUMBERS.waiting, reason: null }))
  // An answer that was lost does no harm: the items are there already.
  await upsertRows(tx, dialect, 'action_result', rows, ['action_id', 'item_id'], [])
}

export async function countItems(db: Executor, { id }: HeldAction): Promise<number> {
  const row = await db
    .selectFrom('action_result')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('action_id', '=', id)
    .executeTakeFirstOrThrow()
  return Number(row.count)
}

/** Returns the items of an action that nothing has been done to yet, upwards. */
export async function nextItems(
  db: Executor,
  { id }: HeldAction,
  outcome: 'waiting' | 'begun',
  limit: number,
): Promise<number[]> {
  const rows = await db
    .selectFrom('action_result')
    .select('item_id')
    .where('action_id', '=', id)
    .where('outcome', '=', NUMBERS[outcome])
    .orderBy('item_id')
    .limit(limit)
    .execute()
  return rows.map(({ item_id }) => item_id)
}

export async function noteOutcomes(
  tx: Executor,
  { dialect }: StoreContext,
  { id }: HeldAction,
  outcomes: readonly ItemOutcome[],
): Promise<void> {
  const rows = outcomes.map(({ item, outcome, reason }) => ({
    action_id: id,
    item_id: item,
    outcome: NUMBERS[outcome],
    reason: reason?.slice(0, REASON_CHARACTERS) ?? null,
  }))
  await upsertRows(tx, dialect, 'action_result', rows, ['action_id', 'item_id'], ['outcome', 'reason'])
}

/** Records the outcome of an item that is still noted as begun. */
export async function noteLate(
  tx: Executor,
  { id }: HeldAction,
  { item, outcome, reason }: ItemOutcome,
): Promise<void> {
  await tx
    .updateTable('action_result')
    .set({ outcome: NUMBERS[outcome], reason: reason?.slice(0, REASON_CHARACTERS) ?? null })
    .where('action_id', '=', id)
    .where('item_id', '=', item)
    .where('outcome', '=', NUMBERS.begun)
    .execute()
}

/** Deletes the first results of an action, at most `limit`. Returns how many there were. */
export async function deleteResults(tx: Executor, id: number, limit: number): Promise<number> {
  const rows = await tx
    .selectFrom('action_result')
    .select('item_id')
    .where('action_id', '=', id)
    .orderBy('item_id')
    .limit(limit)
    .execute()
  const last = rows.at(-1)
  if (!last) return 0
  await tx
    .deleteFrom('action_result')
    .where('action_id', '=', id)
    .where('item_id', '<=', last.item_id)
    .execute()
  return rows.length
}

/** SQL for what has become of an item by now: a stream that was set going has come to its end or has not. */
const OUTCOME = sql<Outcome>`case
  when r.outcome = ${sql.lit(NUMBERS.waiting)} then 'waiting'
  when r.outcome = ${sql.lit(NUMBERS.begun)} then 'begun'
  when r.outcome = ${sql.lit(NUMBERS.failed)} then 'failed'
  when s.id is null or s.state = ${sql.lit(stateNumber('completed'))} then 'done'
  when s.state in (${sql.lit(stateNumber('error'))}, ${sql.lit(stateNumber('expire_error'))}) then 'failed'
  else 'running' end`

/** The results of an action, each beside its stream, if it is of one. Goes through all results of the action. */
function results(id: number) {
  return sql`action_result as r
    inner join action as a on a.id = r.action_id
    left join stream as s on a.target = 'streams' and a.verb <> 'delete' and s.id = r.item_id
    where r.action_id = ${id}`
}

export async function countOutcomes({ db }: StoreContext, id: number): Promise<OutcomeCounts> {
  const { rows } = await sql<{ outcome: Outcome; count: number }>`
    select ${OUTCOME} as outcome, count(*) as count from ${results(id)} group by 1`.execute(db)
  const counts = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as { [O in Outcome]: number }
  for (const { outcome, count } of rows) counts[outcome] = Number(count)
  return counts
}

export async function listResults(
  { db }: StoreContext,
  id: number,
  outcome: Outcome | undefined,
  { mark, ascending, limit }: Page,
): Promise<ActionResult[]> {
  const beyond = mark === undefined ? sql`` : sql`and r.item_id ${sql.raw(ascending ? '>' : '<')} ${mark}`
  const chosen = outcome === undefined ? sql`` : sql`and ${OUTCOME} = ${outcome}`
  const { rows } = await sql<ActionResult>`
    select r.item_id as item, ${OUTCOME} as outcome,
      case when r.reason is not null then r.reason when r.outcome = ${sql.lit(NUMBERS.done)} then s.last_error end
        as reason
    from ${results(id)} ${beyond} ${chosen}
    order by r.item_id ${sql.raw(ascending ? 'asc' : 'desc')} limit ${limit}`.execute(db)
  return rows.map(({ item, ...result }) => ({ ...result, item: Number(item) }))
}
