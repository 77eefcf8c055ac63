import { sql } from 'kysely'
import { hash128 } from '../domain/hash.ts'
import type { StoreContext } from './context.ts'
import { insertRows } from './insert-rows.ts'
import { bytesHex, hexBytes } from './rows.ts'
import type { Executor } from './schema.ts'
import type { DeadLetter, NewDeadLetter } from './store.ts'

/** What a reason may take. */
const REASON_CHARACTERS = 10_000

/** Keeps each once, however often its message is delivered; a body that one statement cannot carry is cut. */
export async function insertDeadLetters(
  tx: Executor,
  { dialect }: StoreContext,
  deadLetters: readonly NewDeadLetter[],
): Promise<void> {
  const byHash = new Map(deadLetters.map((letter) => [hashOf(letter), letter]))
  if (byHash.size === 0) return
  const known = await tx
    .selectFrom('dead_letter')
    .select('hash')
    .where('hash', 'in', [...byHash.keys()].map(hexBytes))
    .execute()
  for (const row of known) byHash.delete(bytesHex(row.hash))
  const at = await machineNow(tx, dialect.machineNow)
  // Bytes take two characters each in a statement.
  const bodyBytes = Math.floor(dialect.maxStatementBytes / 2) - 4 * REASON_CHARACTERS
  await insertRows(
    tx,
    dialect,
    'dead_letter',
    [...byHash].map(([hash, { stage, reason, queue, body }]) => ({
      hash: hexBytes(hash),
      at,
      stage,
      reason: reason.slice(0, REASON_CHARACTERS),
      queue,
      body: body.subarray(0, bodyBytes),
    })),
  )
}

function hashOf({ stage, queue, body }: NewDeadLetter): string {
  return hash128(`${JSON.stringify([stage, queue])}${body.toString('latin1')}`)
}

async function machineNow(db: Executor, expression: string): Promise<number> {
  const { rows } = await sql<{ now: number }>`select ${sql.raw(expression)} as now`.execute(db)
  return Number(rows[0]?.now)
}

/** The newest first. */
export async function listDeadLetters({ db }: StoreContext, limit: number): Promise<DeadLetter[]> {
  const rows = await db.selectFrom('dead_letter').selectAll().orderBy('id', 'desc').limit(limit).execute()
  return rows.map(({ hash: _, ...row }) => ({ ...row, body: Buffer.from(row.body) }))
}
