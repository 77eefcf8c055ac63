import { chmodSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { Kysely, type SqliteDatabase, SqliteDialect } from 'kysely'
import { makeFolder } from '../../runtime/make-folder.ts'
import type { OpenDatabase } from '../dialect.ts'
import type { Tables } from '../schema/schema.ts'
import { sqliteDialect } from './sqlite-dialect.ts'

/** Opens a database file, readable by its owner only, or `:memory:`. Creates a missing folder. */
export function openSqliteDatabase(path: string): OpenDatabase {
  if (path !== ':memory:') makeFolder(dirname(path))
  const database = new DatabaseSync(path, { timeout: 30_000 })
  if (path !== ':memory:') chmodSync(path, 0o600)
  database.exec('pragma journal_mode = wal')
  database.exec('pragma synchronous = full')
  const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database: adapt(database) }) })
  return { db, dialect: sqliteDialect }
}

/** Adapts Node's SQLite database to the interface that Kysely expects. */
function adapt(database: DatabaseSync): SqliteDatabase {
  const prepared = new Map<string, StatementSync>()
  return {
    close: () => database.close(),
    prepare(text) {
      const statement = prepared.get(text) ?? prepare(database, text)
      if (isKept(text)) {
        // Moved to the end: the statement that was used longest ago comes first.
        prepared.delete(text)
        prepared.set(text, statement)
        if (prepared.size > MOST_KEPT) prepared.delete(prepared.keys().next().value as string)
      }
      return {
        reader: statement.columns().length > 0,
        all: (parameters) => statement.all(...(parameters as SQLInputValue[])).map(withNumbers),
        run: (parameters) => statement.run(...(parameters as SQLInputValue[])),
        *iterate(parameters) {
          // A statement of its own: others may run the same query during the iteration.
          const reading = prepare(database, text).iterate(...(parameters as SQLInputValue[]))
          for (const row of reading) yield withNumbers(row)
        },
      }
    },
  }
}

/** Most queries that are kept prepared. */
const MOST_KEPT = 100
/** Matches a list of ids or hashes in the text of a query, which for that reason never comes again. */
const LIST = /['\d],['x\d]/

/**
 * Whether a statement is kept prepared. Only queries are: a statement holds its last values, and those of
 * written rows may be large.
 */
function isKept(text: string): boolean {
  return text.trimStart().startsWith('select') && !LIST.test(text)
}

function prepare(database: DatabaseSync, text: string): StatementSync {
  // Takes the write lock at once, so that a transaction does not fail half way.
  const statement = database.prepare(text === 'begin' ? 'begin immediate' : text)
  // Without this a number beyond 2^53 would throw; as everywhere, it is rounded to a double instead.
  statement.setReadBigInts(true)
  return statement
}

function withNumbers(row: { [column: string]: unknown }): object {
  for (const column of Object.keys(row)) {
    const value = row[column]
    if (typeof value === 'bigint') row[column] = Number(value)
  }
  return row
}
