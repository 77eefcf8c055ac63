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
import type { Store } from '../store/store.ts'
import type { Trigger } from '../streams/trigger.ts'

/** What a daemon asks takes no such time; a network that is silent for so long is gone. */
export const LONGEST_SILENCE_MS = 120_000

/** Opens what a database URL names: `mysql://…`, `sqlite:PATH` or `sqlite::memory:`; files in it start from `folder`. */
export async function openDatabase(
  url: string,
  folder: string,
  limits: Pick<OpenStoreOptions, 'silenceMs' | 'statementMs'> = {},
): Promise<OpenDatabase> {
  if (url.startsWith('sqlite:')) {
    const path = url.slice('sqlite:'.length)
    try {
      return openSqliteDatabase(path === ':memory:' ? path : resolve(folder, path))
    } catch (error) {
      throw new StackTachError(
        'config',
        `cannot open the database ${resolve(folder, path)}: ${messageOf(error)}`,
      )
    }
  }
  return openMysqlDatabase({ url, folder, ...limits })
}

/** Returns the column types of the kind of database that a URL names, without connecting to it. */
export function columnTypesOf(url: string): ColumnTypes {
  return url.startsWith('sqlite:') ? SQLITE_TYPES : MYSQL_TYPES
}

/** The traits that triggers tell streams apart by, and those of indexed_traits. */
export function indexedTraits(triggers: readonly Trigger[], configured: readonly string[]): Set<string> {
  const names = triggers.flatMap((trigger) => [
    ...trigger.distinguishedBy.map(({ trait }) => trait),
    ...trigger.matchCriteria.flatMap(({ mapDistinguishedBy }) => Object.values(mapDistinguishedBy)),
  ])
  return new Set([...configured, ...names])
}

/** A store on an open database; `writer` names the process when it stores events. */
export function createStore(
  database: OpenDatabase,
  config: Config,
  writer?: string,
  onRepeat?: () => void,
): Promise<Store> {
  return createSqlStore(database, {
    writer,
    onRepeat,
    indexedTraits: indexedTraits(config.triggers, config.winchester.indexed_traits),
  })
}

export type OpenStoreOptions = {
  /** names the process when it stores events */
  readonly writer?: string
  /** a server that does not answer for so long counts as away */
  readonly silenceMs?: number
  /** longest time of a statement; the server breaks off what takes longer */
  readonly statementMs?: number
  /** told when a transaction is rolled back and run again */
  readonly onRepeat?: () => void
}

/** The store of a configuration. */
export async function openStore(config: Config, options: OpenStoreOptions = {}): Promise<Store> {
  const database = await openDatabase(config.winchester.database.url, config.folder, options)
  try {
    return await createStore(database, config, options.writer, options.onRepeat)
  } catch (error) {
    await database.db.destroy()
    throw error
  }
}
