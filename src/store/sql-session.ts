import { sql } from 'kysely'
import { TransientError } from '../domain/errors.ts'
import { createContext, type StoreContext } from './context.ts'
import type { OpenDatabase } from './dialect.ts'
import { insertRows } from './insert-rows.ts'
import { requireCurrentSchema } from './schema/migrate.ts'
import { MIGRATIONS } from './schema/migrations/migrations.ts'
import { type Executor, IMPORT_MARKER } from './schema/schema.ts'
import { inTransaction, query } from './transaction.ts'
import { noteIndexedTraits, traitsToIndex } from './upkeep/indexed-traits.ts'

export type SqlSessionOptions = {
  /** the name of who writes, for the table of writers; a store without one only reads and changes states */
  readonly writer?: string | undefined
  /** names of the traits to look events up by */
  readonly indexedTraits?: Iterable<string> | undefined
  /** called when a transaction is rolled back and run again */
  readonly onRepeat?: (() => void) | undefined
}

/** How the ports of one store reach its database. */
export type SqlSession = {
  readonly context: StoreContext
  /** Runs work in a transaction; see inTransaction. */
  transaction<T>(work: (tx: Executor) => Promise<T>, signal?: AbortSignal): Promise<T>
  /** Runs a query outside of a transaction; see query. */
  query<T>(work: () => Promise<T>): Promise<T>
  /**
   * Locks the row of this writer, the mark of a transaction whose ids may not become visible in order. Returns the
   * context for this transaction: a cluster that grows changes the distance between ids, and another writer may index
   * more traits. Rejects with TransientError when the schema is another by now, or an import fills the database.
   */
  lockWriter(tx: Executor): Promise<StoreContext>
  /** Removes the writer's row and closes every connection. */
  close(): Promise<void>
}

/** Opens a session and registers its writer. Throws when the database has another schema. */
export async function openSqlSession(
  database: OpenDatabase,
  options: SqlSessionOptions,
): Promise<SqlSession> {
  const { db, dialect } = database
  await query(dialect, () => requireCurrentSchema(db))
  const isWriter = options.writer !== undefined
  const indexed = isWriter ? await query(dialect, () => traitsToIndex(db, options.indexedTraits ?? [])) : []
  const context = createContext(database, indexed)
  const transaction: SqlSession['transaction'] = (work, signal) =>
    inTransaction(db, dialect, work, { onRepeat: options.onRepeat, signal })
  const writerId = options.writer === undefined ? undefined : await registerWriter(options.writer)
  if (isWriter) await query(dialect, () => noteIndexedTraits(context))

  async function registerWriter(name: string): Promise<number> {
    const started_at = Date.now() * 1000
    const [id] = await transaction((tx) => insertRows(tx, dialect, 'writer', [{ name, started_at }]))
    return id as number
  }

  /** The step is fixed for a transaction: other connections may be set up with another while it is under way. */
  function countingBy(idStep: number): StoreContext {
    return { ...context, dialect: { ...dialect, idStep } }
  }

  async function stepNow(tx: Executor): Promise<number> {
    const { rows } = await sql<{ step: number }>`select ${sql.raw(dialect.idStepNow)} as step`.execute(tx)
    return Number(rows[0]?.step ?? 1)
  }

  return {
    context,
    transaction,
    query: (work) => query(dialect, work),
    async lockWriter(tx) {
      if (writerId === undefined) return countingBy(await stepNow(tx))
      const row = await tx
        .selectFrom('writer')
        .select(sql.raw<number>(dialect.idStepNow).as('step'))
        .where('id', '=', writerId)
        .modifyEnd(sql.raw(dialect.forUpdate))
        .executeTakeFirst()
      // A statement of its own: MariaDB would lock what a subquery of the other one reads.
      const others = await sql<{ indexed: number; imports: number; migrations: number }>`
        select (select count(*) from indexed_trait) as indexed,
          (select count(*) from writer where name = ${IMPORT_MARKER}) as imports,
          (select count(*) from kysely_migration) as migrations`.execute(tx)
      const [{ indexed, imports, migrations } = { indexed: 0, imports: 0, migrations: 0 }] = others.rows
      if (Number(migrations) !== MIGRATIONS.length)
        throw new TransientError('the schema was changed for another version; start that one instead')
      if (Number(imports) > 0)
        throw new TransientError('an import fills the database, or was broken off: see stv3 db import --help')
      const idStep = Number(row?.step ?? 1)
      const hasUnindexed = Number(indexed) > context.indexedTraits.size
      return { ...countingBy(idStep), hasUnindexed }
    },
    async close() {
      if (writerId !== undefined) {
        // A writer that is gone must not be waited for; if this fails, its row is merely never locked again.
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
