import { sql } from 'kysely'
import { Literal, type SqlDialect } from '../dialect.ts'
import { MYSQL_TYPES } from './mysql-column-types.ts'
import type { MysqlConnections } from './mysql-connections.ts'
import { isContention, isDataFault, isServerError } from './mysql-errors.ts'
import { mysqlLiteral } from './mysql-literal.ts'

/** Creates the dialect that MySQL and MariaDB share. */
export function createMysqlDialect(pool: MysqlConnections): SqlDialect {
  return {
    types: MYSQL_TYPES,
    machineNow: 'cast(unix_timestamp(now(6)) * 1000000 as signed)',
    canCancel: true,
    beginSnapshot: [
      'set transaction isolation level repeatable read',
      'start transaction with consistent snapshot, read only',
    ],
    hasOneConnection: false,
    forUpdate: 'for update',
    forShare: 'lock in share mode',
    skipLocked: 'for update skip locked',
    maxParameters: 60_000,
    literal: mysqlLiteral,
    ready: (text) => new Literal(mysqlLiteral(text)),
    bytes: (hex) => new Literal(`x'${hex}'`),
    // Read anew each time: after a restart or a fail-over the server may have other settings.
    get maxStatementBytes() {
      return Math.max(pool.settings.maxPacket - 65_536, 1024)
    },
    idStep: 1,
    idStepNow: '@@auto_increment_increment',
    matchesGlob(column, glob) {
      const like = glob.replace(/[%_|]/g, '|$&').replaceAll('*', '%').replaceAll('?', '_')
      return sql<boolean>`${column} like ${like} escape '|'`
    },
    firstId: (insertId) => Number(insertId),
    onExistingKey(keys, update, add = []) {
      const set = [
        ...update.map((column) => `${column} = values(${column})`),
        ...add.map((column) => `${column} = ${column} + values(${column})`),
      ]
      return `on duplicate key update ${set.join(', ') || `${keys[0]} = ${keys[0]}`}`
    },
    isContention,
    isServerError,
    isDataFault,
  }
}
