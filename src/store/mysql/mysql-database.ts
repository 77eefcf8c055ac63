import { connect, isIP, type Socket } from 'node:net'
import { Kysely, MysqlDialect, sql } from 'kysely'
import { createConnection, format, type PoolConnection, type PoolOptions, type SslOptions } from 'mysql2'
import { messageOf, StackTachError, TransientError } from '../../domain/errors.ts'
import { readTlsFiles } from '../../runtime/tls-files.ts'
import { type MysqlAddress, parseMysqlAddress } from '../../text/mysql-address.ts'
import type { TlsOptions } from '../../text/tls-options.ts'
import type { OpenDatabase } from '../dialect.ts'
import type { Tables } from '../schema/schema.ts'
import { MysqlConnections } from './mysql-connections.ts'
import { createMysqlDialect } from './mysql-dialect.ts'
import { isUnavailable } from './mysql-errors.ts'

export type MysqlOptions = {
  /** address of the database; see parseMysqlAddress */
  readonly url: URL | string
  /** folder that file names in the URL are relative to (the working directory) */
  readonly folder?: string | undefined
  /** most connections at once (8) */
  readonly connections?: number
  /** longest silence of the server, ms; after it the connection counts as broken */
  readonly silenceMs?: number | undefined
  /** longest time of a reading statement, ms; the server breaks off one that takes longer */
  readonly statementMs?: number | undefined
}

const KEEP_ALIVE_MS = 10_000

/** Settings that the store relies on, above all for its locks, whatever the server's defaults are. */
const SESSION = [
  'set session transaction isolation level read committed',
  'set session transaction read write',
  'set names utf8mb4',
  'set session autocommit = 1, completion_type = 0, unique_checks = 1, foreign_key_checks = 1',
  'set session sql_select_limit = 18446744073709551615, sql_big_selects = 1, sql_safe_updates = 0',
  // MariaDB would turn a list of 1,000 values into a subquery, and then might read the whole table.
  "set session sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', time_zone = '+00:00', innodb_lock_wait_timeout = 10 /*M!, in_predicate_conversion_threshold = 0 */",
]

/**
 * Connects to a database of MySQL or MariaDB, which must exist. Rejects with TransientError when the server
 * cannot be reached now, else with StackTachError.
 *
 * @example
 * const { db, dialect } = await openMysqlDatabase({ url: 'mysql://winchester:secret@127.0.0.1/winchester' })
 */
export async function openMysqlDatabase(options: MysqlOptions): Promise<OpenDatabase> {
  const parsed = parseMysqlAddress(String(options.url))
  if ('fault' in parsed) throw new StackTachError('config', `the URL of the database: ${parsed.fault}`)
  const { address } = parsed
  const pool = new MysqlConnections(
    { ...(await connectionOf(address, options.folder)), connectionLimit: options.connections ?? 8 },
    (connection) => {
      // Idle connections are closed too: the pool makes another when it is needed.
      if (options.silenceMs !== undefined) endAfterSilence(connection, options.silenceMs)
      return [...SESSION, ...limitOf(options.statementMs)]
    },
  )
  const db = new Kysely<Tables>({ dialect: new MysqlDialect({ pool, controlConnection: createConnection }) })
  try {
    await sql`select 1`.execute(db)
    return { db, dialect: createMysqlDialect(pool) }
  } catch (error) {
    void db.destroy().catch(() => {})
    const message = `cannot use the database at ${address.text}: ${messageOf(error)}`
    throw isUnavailable(error)
      ? new TransientError(message, { cause: error })
      : new StackTachError('config', message, { cause: error })
  }
}

async function connectionOf(address: MysqlAddress, folder = process.cwd()): Promise<PoolOptions> {
  const { host, port, socketPath, user, password, database, connectTimeoutMs } = address
  const tls = address.tls && (await tlsOf(address.tls, folder))
  return {
    ...(socketPath === undefined ? { host, port } : { socketPath }),
    user,
    password,
    database,
    charset: 'utf8mb4',
    timezone: 'Z',
    connectTimeout: connectTimeoutMs,
    ...(tls ? { ssl: tls } : {}),
    ...(tls?.verifyIdentity && isIP(host) ? { stream: () => connectByNumber(host, port) } : {}),
    enableKeepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
    // Skips the search for placeholders in a long text of literals.
    queryFormat: (text, values) => (values.length === 0 ? text : format(text, values)),
  }
}

async function tlsOf(options: TlsOptions, folder: string) {
  return {
    ...(await readTlsFiles(options, folder)),
    rejectUnauthorized: options.verifies !== 'nobody',
    verifyIdentity: options.verifies === 'name',
  } as SslOptions
}

/**
 * Connects to an IP address. mysql2 checks the certificate of such a host against "localhost", unless the
 * socket has the host's name in `_host`.
 */
function connectByNumber(host: string, port: number): Socket {
  const socket = connect(port, host)
  socket.setNoDelay(true)
  socket.on('connect', () => socket.setKeepAlive(true, KEEP_ALIVE_MS))
  return Object.assign(socket, { _host: host })
}

/**
 * Returns the statement that limits the time of reading statements, which MySQL and MariaDB name differently.
 */
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
