import { sql } from 'kysely'
import { TransientError } from '../domain/errors.ts'
import { createContext, type StoreContext } from './context.ts'
import type { OpenDatabase } from './dialect.ts'
import { insertRows } from './insert-rows.ts'
import type { NumberedReports } from './ports/watermarks.ts'
import { requireCurrentSchema } from './schema/migrate.ts'
import { MIGRATIONS } from './schema/migrations/migrations.ts'
import { type Executor, IMPORT_MARKER } from './schema/schema.ts'
import { inTransaction, query } from './transaction.ts'
import { noteIndexedTraits, traitsToIndex } from './upkeep/indexed-traits.ts'

export type SqlSessionOptions = {
  /** name of the process in the table of writers; a store without one only reads and changes states */
  readonly writer?: string | undefined
  /** names of the traits by which events are looked up */
  readonly indexedTraits?: Iterable<string> | undefined
  /** whether the streams of this store belong to a replay, so that no other worker takes them (false) */
  readonly isReplay?: boolean | undefined
  /** whether streams that fail for good are kept as such that send nothing (false) */
  readonly isQuiet?: boolean | undefined
  /** Called when a transaction is rolled back and run again. */
  readonly onRepeat?: (() => void) | undefined
}

/** The connection to the database that the ports of one store share. */
export type SqlSession = {
  readonly context: StoreContext
  /** Runs work in a transaction; see inTransaction. */
  transaction<T>(work: (tx: Executor) => Promise<T>, signal?: AbortSignal): Promise<T>
  /** Runs a query outside of a transaction; see query. */
  query<T>(work: () => Promise<T>): Promise<T>
  /**
   * Locks the row of this writer, so that readers can wait for a transaction whose ids may become visible out of order;
   * writes its positions in queues, where there are any. Returns the context for this transaction: the distance between
   * ids changes when a cluster grows, and another writer may index more traits. Rejects with TransientError when the
   * schema has changed since the session was opened, or while an import fills the database.
   */
  lockWriter(tx: Executor, reports?: () => NumberedReports): Promise<StoreContext>
  /**
   * Only locks the row of this writer: for what has to be written whatever became of the schema, such as the end of a run
   * whose handlers have committed. The lock is shared, so that the lanes of a worker do not wait for each other's commits.
   */
  lockOwnRow(tx: Executor): Promise<void>
  /** Removes the writer's row, unless it holds positions in queues, and closes every connection. */
  close(): Promise<void>
}

/**
 * Opens a session and registers its writer. Rejects with StackTachError unless the schema is the current one.
 */
export async function openSqlSession(
  database: OpenDatabase,
  options: SqlSessionOptions,
): Promise<SqlSession> {
  const { db, dialect } = database
  await query(dialect, () => requireCurrentSchema(db))
  const isWriter = options.writer !== undefined
  const indexed = isWriter ? await query(dialect, () => traitsToIndex(db, options.indexedTraits ?? [])) : []
  const context = createContext(database, indexed, {
    isReplay: options.isReplay ?? false,
    isQuiet: options.isQuiet ?? false,
  })
  const transaction: SqlSession['transaction'] = (work, signal) =>
    inTransaction(db, dialect, work, { onRepeat: options.onRepeat, signal })
  /** where it stood in its queues is left for the next consumer */
  let hasReported = false
  const writerId = options.writer === undefined ? undefined : await registerWriter(options.writer)
  if (isWriter) await query(dialect, () => noteIndexedTraits(context))

  async function registerWriter(name: string): Promise<number> {
    const started_at = Date.now() * 1000
    const [id] = await transaction((tx) => insertRows(tx, dialect, 'writer', [{ name, started_at }]))
    return id as number
  }

  /**
   * Returns a context with the distance between ids of one transaction: meanwhile other connections may be
   * set up with another distance.
   */
  function countingBy(idStep: number): StoreContext {
    return { ...context, dialect: { ...dialect, idStep } }
  }

  async function stepNow(tx: Executor): Promise<number> {
    const { rows } = await sql<{ step: number }>`select ${sql.raw(dialect.idStepNow)} as step`.execute(tx)
    return Number(rows[0]?.step ?? 1)
  }

  async function lockRow(tx: Executor, id: number, lock: string): Promise<void> {
    await tx
      .selectFrom('writer')
      .select('id')
      .where('id', '=', id)
      .modifyEnd(sql.raw(lock))
      .executeTakeFirst()
  }

  /** Locks the row too; reports that are older than those in it stay away. */
  async function writeReports(tx: Executor, id: number, reports: () => NumberedReports): Promise<void> {
    const { number, queues } = reports()
    hasReported = Object.keys(queues).length > 0
    const text = JSON.stringify(queues)
    const heard_at = sql.raw<number>(dialect.machineNow)
    const isNewer = sql<boolean>`coalesce(report_no, 0) < ${number}`
    const { numUpdatedRows } = await tx
      .updateTable('writer')
      // In this order: MySQL goes from left to right.
      .set({
        queues: sql<string>`case when ${isNewer} then ${text} else queues end`,
        report_no: sql<number>`case when ${isNewer} then ${number} else report_no end`,
        heard_at,
      })
      .where('id', '=', id)
      .executeTakeFirst()
    if (numUpdatedRows > 0n) return
    // The row was taken for that of a consumer that had ended.
    const started_at = Date.now() * 1000
    const row = { id, name: options.writer as string, started_at, queues: text, report_no: number, heard_at }
    await tx.insertInto('writer').values(row).execute()
  }

  return {
    context,
    transaction,
    query: (work) => query(dialect, work),
    async lockWriter(tx, reports) {
      if (writerId === undefined) return countingBy(await stepNow(tx))
      if (reports) await writeReports(tx, writerId, reports)
      else await lockRow(tx, writerId, dialect.forUpdate)
      // A statement of its own: MariaDB would lock what a subquery of the other one reads.
      const others = await sql<{ indexed: number; imports: number; migrations: number; step: number }>`
        select (select count(*) from indexed_trait) as indexed,
          (select count(*) from writer where name = ${IMPORT_MARKER}) as imports,
          (select count(*) from kysely_migration) as migrations,
          ${sql.raw(dialect.idStepNow)} as step`.execute(tx)
      const [{ indexed, imports, migrations, step } = { indexed: 0, imports: 0, migrations: 0, step: 1 }] =
        others.rows
      if (Number(migrations) !== MIGRATIONS.length)
        throw new TransientError(
          'the schema was changed for another version of stacktach; start that version instead',
        )
      if (Number(imports) > 0)
        throw new TransientError('an import is running, or one was broken off; see stv3 db import --help')
      const hasUnindexed = Number(indexed) > context.indexedTraits.size
      return { ...countingBy(Number(step)), hasUnindexed }
    },
    async lockOwnRow(tx) {
      if (writerId !== undefined) await lockRow(tx, writerId, dialect.forShare)
    },
    async close() {
      if (writerId !== undefined && !hasReported) {
        // Readers must not wait for a writer that is gone. If this fails, its row is never locked again.
        await db
          .deleteFrom('writer')
          .where('id', '=', writerId)
          .execute()
          .catch(() => {})
      }
      await db.destroy()
    },
  }
}
