import { sql } from 'kysely'
import type { StoreContext } from './context.ts'
import type { QueueReports, ReportedPositions, Watermarks } from './ports/watermarks.ts'
import type { Executor } from './schema/schema.ts'
import type { SqlSession } from './sql-session.ts'

export function createSqlWatermarks({ context, transaction, query, lockWriter }: SqlSession): Watermarks {
  return {
    report: (queues) => transaction(async (tx) => void (await lockWriter(tx, queues))),
    readReports: () => query(() => readReports(context.db, context)),
    forgetReports: (writers) => query(() => forgetReports(context, writers)),
  }
}

/** Reads the last reports of all writers that have reported, with no lock. */
export async function readReports(db: Executor, { dialect }: StoreContext): Promise<ReportedPositions[]> {
  const rows = await db
    .selectFrom('writer')
    .select(['id', 'name', 'queues', 'heard_at', sql.raw<number>(dialect.machineNow).as('now')])
    .where('queues', 'is not', null)
    .execute()
  return rows.map(({ id, name, queues, heard_at, now }) => ({
    writer: id,
    name,
    queues: JSON.parse(queues as string) as QueueReports,
    ageMs: (now - (heard_at ?? now)) / 1000,
  }))
}

async function forgetReports({ db }: StoreContext, writers: readonly number[]): Promise<void> {
  if (writers.length === 0) return
  await db.deleteFrom('writer').where('id', 'in', writers).execute()
}
