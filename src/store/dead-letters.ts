import { sql } from 'kysely'
import type { StoreContext } from './context.ts'
import { insertRows } from './insert-rows.ts'
import type { Executor } from './schema.ts'
import type { DeadLetter, NewDeadLetter } from './store.ts'

export async function insertDeadLetters(
  tx: Executor,
  { dialect }: StoreContext,
  deadLetters: readonly NewDeadLetter[],
): Promise<void> {
  if (deadLetters.length === 0) return
  const at = await machineNow(tx, dialect.machineNow)
  await insertRows(
    tx,
    dialect,
    'dead_letter',
    deadLetters.map(({ stage, reason, queue, body }) => ({ at, stage, reason, queue, body })),
  )
}

async function machineNow(db: Executor, expression: string): Promise<number> {
  const { rows } = await sql<{ now: number }>`select ${sql.raw(expression)} as now`.execute(db)
  return Number(rows[0]?.now)
}

/** The newest first. */
export async function listDeadLetters({ db }: StoreContext, limit: number): Promise<DeadLetter[]> {
  const rows = await db.selectFrom('dead_letter').selectAll().orderBy('id', 'desc').limit(limit).execute()
  return rows.map((row) => ({ ...row, body: Buffer.from(row.body) }))
}
