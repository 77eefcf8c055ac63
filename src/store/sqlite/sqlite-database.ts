import { chmodSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { Kysely, type SqliteDatabase, SqliteDialect } from 'kysely'
import { makeFolder } from '../../runtime/make-folder.ts'
import type { OpenDatabase } from '../dialect.ts'
import type { Tables } from '../schema/schema.ts'
import { sqliteDialect } from './sqlite-dialect.ts'

/** Opens a file (readable by its owner only, in a folder that is made where it is missing) or `:memory:`. */
export function openSqliteDatabase(path: string): OpenDatabase {
  if (path !== ':memory:') makeFolder(dirname(path))
  const database = new DatabaseSync(path, { timeout: 30_000 })
  if (path !== ':memory:') chmodSync(path, 0o600)
  database.exec('pragma journal_mode = wal')
  database.exec('pragma synchronous = full')
  const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database: adapt(database) }) })
  return { db, dialect: sqliteDialect }
}

/** Kysely's idea of a SQLite database over Node's. */
function adapt(database: DatabaseSync): SqliteDatabase {
  const prepared = new Map<string, StatementSync>()
  return {
    close: () => database.close(),
    prepare(text) {
      const statement = prepared.get(text) ?? prepare(database, text)
      if (isKept(text)) {
        // The last used stands last.
        prepared.delete(text)
        prepared.set(text, statement)
        if (prepared.size > MOST_KEPT) prepared.delete(prepared.keys().next().value as string)
      }
      return {
        reader: statement.columns().length > 0,
        all: (parameters) => statement.all(...(parameters as SQLInputValue[])).map(withNumbers),
        run: (parameters) => statement.run(...(parameters as SQLInputValue[])),
        *iterate(parameters) {
          // One of its own: others may ask the same while this goes on.
          const reading = prepare(database, text).iterate(...(parameters as SQLInputValue[]))
          for (const row of reading) yield withNumbers(row)
        },
      }
    },
  }
}

/** Queries that are kept prepared. */
const MOST_KEPT = 100
/** Ids or hashes in a row, which stand in the text: it never comes again. */
const LIST = /['\d],['x\d]/

/** A statement keeps the values that it had last: those of rows that are written may be large. */
function isKept(text: string): boolean {
  return text.trimStart().startsWith('select') && !LIST.test(text)
}

function prepare(database: DatabaseSync, text: string): StatementSync {
  // Taking the write lock at once spares a transaction from failing half way.
  const statement = database.prepare(text === 'begin' ? 'begin immediate' : text)
  // A number beyond 2^53 would throw; as everywhere, it is rounded to a double instead.
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
