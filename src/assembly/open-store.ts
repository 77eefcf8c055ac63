import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Config } from '../config/load/config.ts'
import { messageOf, StackTachError } from '../domain/errors.ts'
import type { OpenDatabase } from '../store/dialect.ts'
import { MYSQL_TYPES } from '../store/mysql/mysql-column-types.ts'
import { openMysqlDatabase } from '../store/mysql/mysql-database.ts'
import type { ColumnTypes } from '../store/schema/column-types.ts'
import { createSqlStore } from '../store/sql-store.ts'
import { SQLITE_TYPES } from '../store/sqlite/sqlite-column-types.ts'
import { openSqliteDatabase } from '../store/sqlite/sqlite-database.ts'
import { upgradeSqlite } from '../store/sqlite/upgrade-sqlite.ts'
import type { Store } from '../store/store.ts'
import type { Trigger } from '../streams/trigger.ts'

/**
 * When a server does not respond for this long, its network is gone, ms. No query of a daemon takes as long.
 */
export const LONGEST_SILENCE_MS = 120_000

export type OpenDatabaseOptions = Pick<OpenStoreOptions, 'silenceMs' | 'statementMs'> & {
  /** whether a missing file is created (true) */
  readonly mayCreate?: boolean
}

/**
 * Opens the database of a URL: `mysql://…`, `sqlite:PATH` or `sqlite::memory:`. Paths in the URL are relative
 * to `folder`.
 */
export async function openDatabase(
  url: string,
  folder: string,
  { mayCreate = true, ...limits }: OpenDatabaseOptions = {},
): Promise<OpenDatabase> {
  if (url.startsWith('sqlite:')) return openSqlite(url.slice('sqlite:'.length), folder, mayCreate)
  return openMysqlDatabase({ url, folder, ...limits })
}

function openSqlite(name: string, folder: string, mayCreate: boolean): OpenDatabase {
  if (name === ':memory:') return openSqliteDatabase(name)
  const path = resolve(folder, name)
  if (!mayCreate && !existsSync(path)) {
    throw new StackTachError(
      'config',
      `the database ${path} does not exist yet; \`stv3 db upgrade -c FILE\` creates it`,
    )
  }
  try {
    return openSqliteDatabase(path)
  } catch (error) {
    throw new StackTachError('config', `cannot open the database ${path}: ${messageOf(error)}`)
  }
}

/** Returns the column types of the kind of database that a URL names, without connecting to it. */
export function columnTypesOf(url: string): ColumnTypes {
  return url.startsWith('sqlite:') ? SQLITE_TYPES : MYSQL_TYPES
}

/** Returns the names of the distinguishing traits of triggers and of the traits in indexed_traits. */
export function indexedTraits(triggers: readonly Trigger[], configured: readonly string[]): Set<string> {
  const names = triggers.flatMap((trigger) => [
    ...trigger.distinguishedBy.map(({ trait }) => trait),
    ...trigger.matchCriteria.flatMap(({ mapDistinguishedBy }) => Object.values(mapDistinguishedBy)),
  ])
  return new Set([...configured, ...names])
}

/** Creates a store on an open database. */
export function createStore(
  database: OpenDatabase,
  config: Config,
  { writer, onRepeat, isReplay, isQuiet }: Omit<OpenStoreOptions, 'silenceMs' | 'statementMs'> = {},
): Promise<Store> {
  return createSqlStore(database, {
    writer,
    onRepeat,
    isReplay,
    isQuiet,
    indexedTraits: indexedTraits(config.triggers, config.winchester.indexed_traits),
  })
}

export type OpenStoreOptions = {
  /** the name of a process that stores events */
  readonly writer?: string
  /** a server that does not respond for this long counts as away, ms */
  readonly silenceMs?: number
  /** longest time of a statement, ms; the server ends statements that take longer */
  readonly statementMs?: number
  /** whether its streams belong to a replay, so that no other worker takes them (false) */
  readonly isReplay?: boolean
  /** whether its runs send nothing, and a stream that fails for good sends nothing when it is run again (false) */
  readonly isQuiet?: boolean
  /** called when a transaction is rolled back and run again */
  readonly onRepeat?: () => void
}

/**
 * Opens the store of a configuration. Creates the file of dead letters of one without a winchester.yaml.
 *
 * @example
 * const config = await loadConfig('winchester.yaml', process.env)
 * const store = await openStore(config, { writer: processName('consumer') })
 */
export async function openStore(config: Config, options: OpenStoreOptions = {}): Promise<Store> {
  const database = await openDatabase(config.winchester.database.url, config.folder, {
    ...options,
    mayCreate: !config.hasWinchester,
  })
  try {
    if (!config.hasWinchester) await upgradeSqlite(database.db)
    return await createStore(database, config, options)
  } catch (error) {
    await database.db.destroy()
    throw error
  }
}
