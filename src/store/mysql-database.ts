import type { Socket } from 'node:net'
import { Kysely, MysqlDialect } from 'kysely'
import {
  createConnection,
  createPool,
  format,
  type Pool,
  type PoolConnection,
  type PoolOptions,
} from 'mysql2'
import { messageOf, StackTachError, TransientError } from '../domain/errors.ts'
import { Literal, type OpenDatabase, type SqlDialect } from './dialect.ts'
import { MYSQL_TYPES } from './migrations/column-types.ts'
import { mysqlLiteral } from './mysql-literal.ts'
import type { Tables } from './schema.ts'

export type MysqlOptions = {
  readonly url: URL
  /** most connections at once */
  readonly connections?: number
  readonly tls?: PoolOptions['ssl']
  /** longest silence of the server while it is asked something, ms; longer and the connection counts as broken */
  readonly silenceMs?: number | undefined
  /** longest time of a statement that reads, ms; the server breaks off what takes longer */
  readonly statementMs?: number | undefined
}

/** What the locking of this store rests on, in every session. */
const SESSION = [
  'set session transaction isolation level read committed',
  // MariaDB would make a subquery of a list of 1,000 values, and then may go through the whole table.
  "set session sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', time_zone = '+00:00', innodb_lock_wait_timeout = 10 /*M!, in_predicate_conversion_threshold = 0 */",
]

const CONTENTION = new Set(['ER_LOCK_DEADLOCK', 'ER_LOCK_WAIT_TIMEOUT', 'ER_DUP_ENTRY', 'ER_CHECKREAD'])
/** Errors that blame a value; triggers of the database's owner (45000) do too. */
const DATA_FAULTS = new Set([
  'ER_BAD_NULL_ERROR',
  'ER_CHECK_CONSTRAINT_VIOLATED',
  'ER_CONSTRAINT_FAILED',
  'ER_DATA_OUT_OF_RANGE',
  'ER_DATA_TOO_LONG',
  'ER_INVALID_CHARACTER_STRING',
  'ER_NET_PACKET_TOO_LARGE',
  'ER_SIGNAL_EXCEPTION',
  'ER_TOO_BIG_ROWSIZE',
  'ER_TRUNCATED_WRONG_VALUE',
  'ER_TRUNCATED_WRONG_VALUE_FOR_FIELD',
  'ER_WARN_DATA_OUT_OF_RANGE',
])

/** A server that cannot be reached now, but may be later; a wrong password is not among them. */
const UNAVAILABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'EPIPE',
  'ETIMEDOUT',
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_ENQUEUE_AFTER_FATAL_ERROR',
  'ER_CON_COUNT_ERROR',
  'ER_SERVER_SHUTDOWN',
  'ER_NORMAL_SHUTDOWN',
  'ER_TOO_MANY_USER_CONNECTIONS',
  'ER_DISK_FULL',
  'ER_RECORD_FILE_FULL',
  'ER_OPTION_PREVENTS_STATEMENT',
  'ER_QUERY_INTERRUPTED',
  'ER_UNKNOWN_COM_ERROR',
])

/** Connects to MySQL or MariaDB; the account needs a database that exists. */
export async function openMysqlDatabase(options: MysqlOptions): Promise<OpenDatabase> {
  const { url } = options
  const pool = createPool({
    host: url.hostname || 'localhost',
    port: Number(url.port || 3306),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)),
    charset: 'utf8mb4',
    timezone: 'Z',
    connectTimeout: 10_000,
    ...(options.tls ? { ssl: options.tls } : {}),
    connectionLimit: options.connections ?? 8,
    enableKeepAlive: true,
    keepAliveInitialDelay: 10_000,
    // A long text of literals need not be searched for places of parameters.
    queryFormat: (text, values) => (values.length === 0 ? text : format(text, values)),
  })
  pool.on('connection', (connection) => {
    // Of one that is idle too: the pool makes another when it is needed.
    if (options.silenceMs !== undefined) endAfterSilence(connection, options.silenceMs)
    // These are done before anything else on the connection; one that refuses them must not be used.
    for (const statement of [...SESSION, ...limitOf(options.statementMs)]) {
      connection.query(statement, (error) => {
        if (error) connection.destroy()
      })
    }
  })
  try {
    const server = await serverSettings(pool)
    return {
      db: new Kysely<Tables>({ dialect: new MysqlDialect({ pool, controlConnection: createConnection }) }),
      dialect: createDialect(server),
    }
  } catch (error) {
    pool.end(() => {})
    const message = `cannot use the database at ${url.host}${url.pathname}: ${messageOf(error)}`
    throw isUnavailable(error)
      ? new TransientError(message, { cause: error })
      : new StackTachError('config', message, { cause: error })
  }
}

/** MySQL and MariaDB have the same limit under two names. */
function limitOf(statementMs: number | undefined): string[] {
  if (statementMs === undefined) return []
  return [
    `set session /*!50708 max_execution_time = ${Math.ceil(statementMs)}, */ /*M! max_statement_time = ${statementMs / 1000}, */ time_zone = '+00:00'`,
  ]
}

function endAfterSilence(connection: PoolConnection, silenceMs: number): void {
  const { stream } = connection as unknown as { readonly stream: Socket }
  stream.setTimeout(silenceMs, () => {
    const silence = new Error(`the database has not answered for ${silenceMs / 1000} s`)
    stream.destroy(Object.assign(silence, { code: 'ETIMEDOUT' }))
  })
}

type ServerSettings = { readonly idStep: number; readonly maxPacket: number }

function serverSettings(pool: Pool): Promise<ServerSettings> {
  return new Promise((resolve, reject) => {
    pool.query('select @@auto_increment_increment as step, @@max_allowed_packet as packet', (error, rows) => {
      if (error) return reject(error)
      const [row] = rows as { step: number; packet: number }[]
      resolve({ idStep: Number(row?.step), maxPacket: Number(row?.packet) })
    })
  })
}

function createDialect({ idStep, maxPacket }: ServerSettings): SqlDialect {
  return {
    types: MYSQL_TYPES,
    machineNow: 'cast(unix_timestamp(now(6)) * 1000000 as signed)',
    canCancel: true,
    beginSnapshot: [
      'set transaction isolation level repeatable read',
      'start transaction with consistent snapshot, read only',
    ],
    forUpdate: 'for update',
    skipLocked: 'for update skip locked',
    maxParameters: 60_000,
    literal: mysqlLiteral,
    ready: (text) => new Literal(mysqlLiteral(text)),
    bytes: (hex) => new Literal(`x'${hex}'`),
    maxStatementBytes: maxPacket - 65_536,
    idStep,
    idStepNow: '@@auto_increment_increment',
    firstId: (insertId) => Number(insertId),
    onExistingKey(keys, update) {
      const set = update.map((column) => `${column} = values(${column})`)
      return `on duplicate key update ${set.join(', ') || `${keys[0]} = ${keys[0]}`}`
    },
    isContention: (error) => CONTENTION.has(codeOf(error)),
    // Node's own errors begin with ERR_, the server's with ER_; a connection that has ended has no code.
    isServerError: (error) => isFatal(error) || (codeOf(error) !== '' && !codeOf(error).startsWith('ERR_')),
    isDataFault: (error) => DATA_FAULTS.has(codeOf(error)),
  }
}

function isUnavailable(error: unknown): boolean {
  return UNAVAILABLE.has(codeOf(error)) || isFatal(error)
}

/** The connection is of no use any more. */
function isFatal(error: unknown): boolean {
  return error instanceof Error && 'fatal' in error && error.fatal === true
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
