import { sql } from 'kysely'
import { MICROS_PER_MINUTE, type Micros } from '../../domain/time.ts'
import type { StoreContext } from '../context.ts'
import { type QueueReports, type ReportedPositions, SILENT_MS, type Watermarks } from '../ports/watermarks.ts'
import type { Executor } from '../schema/schema.ts'
import type { SqlSession } from '../sql-session.ts'

export function createSqlWatermarks({ context, transaction, query, lockWriter }: SqlSession): Watermarks {
  return {
    report: (reports) => transaction(async (tx) => void (await lockWriter(tx, reports))),
    readReports: () => query(() => readReports(context.db, context)),
    forgetReports: (writers) => query(() => forgetReports(context, writers)),
    forgetQueue: (queue) => transaction((tx) => forgetQueue(tx, context, queue)),
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

async function forgetReports({ db, dialect }: StoreContext, writers: readonly number[]): Promise<void> {
  if (writers.length === 0) return
  const before = sql<number>`${sql.raw(dialect.machineNow)} - ${FORGOTTEN_AFTER}`
  await db.deleteFrom('writer').where('id', 'in', writers).where('heard_at', '<', before).execute()
}

/** Deletes a queue from the reports of writers that have left or are silent. */
async function forgetQueue(tx: Executor, context: StoreContext, queue: string): Promise<void> {
  const ended = (await readReports(tx, context)).filter(
    ({ queues, ageMs }) => queues[queue] !== undefined && (queues[queue].hasLeft || ageMs > SILENT_MS),
  )
  for (const { writer, queues } of ended) {
    const { [queue]: _, ...others } = queues
    const row = tx
      .updateTable('writer')
      .set({ queues: JSON.stringify(others) })
      .where('id', '=', writer)
    if (Object.keys(others).length > 0) await row.execute()
    else await tx.deleteFrom('writer').where('id', '=', writer).execute()
  }
}

const FORGOTTEN_AFTER: Micros = MICROS_PER_MINUTE
