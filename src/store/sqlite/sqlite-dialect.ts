import { sql } from 'kysely'
import type { SqlDialect } from '../dialect.ts'
import { SQLITE_TYPES } from './sqlite-column-types.ts'
import { isContention, isDataFault, isServerError } from './sqlite-errors.ts'

/** The dialect of the SQLite that is embedded in Node. */
export const sqliteDialect: SqlDialect = {
  types: SQLITE_TYPES,
  machineNow: "cast(unixepoch('subsec') * 1000000 as integer)",
  canCancel: false,
  beginSnapshot: ['begin deferred'],
  hasOneConnection: true,
  // Not needed: BEGIN IMMEDIATE locks the whole database.
  forUpdate: '',
  forShare: '',
  skipLocked: '',
  ready: (text) => text,
  bytes: (hex) => Buffer.from(hex, 'hex'),
  maxParameters: 32_000,
  maxStatementBytes: 256 * 1024 * 1024,
  idStep: 1,
  idStepNow: '1',
  matchesGlob: (column, glob) => sql<boolean>`${column} glob ${glob.replaceAll('[', '[[]')}`,
  firstId: (insertId, rows) => Number(insertId) - rows + 1,
  onExistingKey(keys, update, add = []) {
    const set = [
      ...update.map((column) => `${column} = excluded.${column}`),
      ...add.map((column) => `${column} = ${column} + excluded.${column}`),
    ].join(', ')
    return `on conflict (${keys.join(', ')}) ${set ? `do update set ${set}` : 'do nothing'}`
  },
  isContention,
  isServerError,
  isDataFault,
}
