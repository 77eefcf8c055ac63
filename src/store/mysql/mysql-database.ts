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
  /** see parseMysqlAddress */
  readonly url: URL | string
  /** what files in the URL are relative to; the working directory */
  readonly folder?: string | undefined
  /** most connections at once */
  readonly connections?: number
  /** longest silence of the server while it is asked something, ms; longer and the connection counts as broken */
  readonly silenceMs?: number | undefined
  /** longest time of a statement that reads, ms; the server breaks off what takes longer */
  readonly statementMs?: number | undefined
}

const KEEP_ALIVE_MS = 10_000

/** What this store rests on, its locking first, in every session, whatever the server's defaults are. */
const SESSION = [
  'set session transaction isolation level read committed',
  'set session transaction read write',
  'set names utf8mb4',
  'set session autocommit = 1, completion_type = 0, unique_checks = 1, foreign_key_checks = 1',
  'set session sql_select_limit = 18446744073709551615, sql_big_selects = 1, sql_safe_updates = 0',
  // MariaDB would make a subquery of a list of 1,000 values, and then may go through the whole table.
  "set session sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', time_zone = '+00:00', innodb_lock_wait_timeout = 10 /*M!, in_predicate_conversion_threshold = 0 */",
]

/** Connects to MySQL or MariaDB; the account needs a database that exists. */
export async function openMysqlDatabase(options: MysqlOptions): Promise<OpenDatabase> {
  const parsed = parseMysqlAddress(String(options.url))
  if ('fault' in parsed) throw new StackTachError('config', `the URL of the database: ${parsed.fault}`)
  const { address } = parsed
  const pool = new MysqlConnections(
    { ...(await connectionOf(address, options.folder)), connectionLimit: options.connections ?? 8 },
    (connection) => {
      // Of one that is idle too: the pool makes another when it is needed.
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
    // A long text of literals need not be searched for places of parameters.
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

/** The library holds the certificate of a host without a name against "localhost", unless its socket says better. */
function connectByNumber(host: string, port: number): Socket {
  const socket = connect(port, host)
  socket.setNoDelay(true)
  socket.on('connect', () => socket.setKeepAlive(true, KEEP_ALIVE_MS))
  return Object.assign(socket, { _host: host })
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
