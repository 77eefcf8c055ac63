import { type AddressFault, decodePart, QUOTING, splitAddress, splitServer } from './address-parts.ts'
import { readTlsOptions, TLS_OPTIONS, type TlsOptions } from './tls-options.ts'

/** The address of a MySQL or MariaDB database, and how to connect. */
export type MysqlAddress = {
  readonly host: string
  readonly port: number
  /** path of a local socket, used instead of host and port */
  readonly socketPath: string | undefined
  readonly user: string
  readonly password: string
  readonly database: string
  /** undefined: the connection is not encrypted */
  readonly tls: TlsOptions | undefined
  readonly connectTimeoutMs: number
  /** the address without user and password, for messages */
  readonly text: string
}

/** An address, and a message about each option without effect. */
export type ParsedMysqlAddress = { readonly address: MysqlAddress; readonly unused: readonly string[] }

/** Options of Python's drivers that are accepted and ignored. */
const UNUSED = new Set(
  'autocommit binary_prefix compress conv cursorclass local_infile read_default_file read_timeout write_timeout'.split(
    ' ',
  ),
)
const USED = ['unix_socket', 'charset', 'use_unicode', 'connect_timeout', ...TLS_OPTIONS]
const DEFAULT_TIMEOUT_S = 10
const EXPECTED = 'expected mysql://USER:PASSWORD@HOST[:PORT]/NAME'

/**
 * Parses `mysql://…` as SQLAlchemy writes it, also with `mysql+DRIVER://` and `mariadb://`. An address with
 * any part that is not understood is refused.
 *
 * @example
 * parseMysqlAddress('mysql://stacktach:secret@db1/stacktach?ssl_ca=/etc/ssl/db.pem')
 */
export function parseMysqlAddress(text: string): ParsedMysqlAddress | AddressFault {
  const parts = splitAddress(text)
  if ('fault' in parts || !/^(mysql|mariadb)(\+\w+)?$/.test(parts.scheme)) {
    return { fault: 'fault' in parts ? `${EXPECTED}; ${parts.fault}` : EXPECTED }
  }
  const server = splitServer(parts.authority)
  if ('fault' in server) return { fault: `${EXPECTED}; ${severalHosts(parts.authority) ?? server.fault}` }
  const options = new Map([...parts.options].map(([name, value]) => [name.replaceAll('-', '_'), value]))
  const unused: string[] = []
  for (const name of options.keys()) {
    if (UNUSED.has(name)) unused.push(`${name} is accepted and has no effect`)
    else if (!USED.includes(name)) return { fault: `${name} is not understood; known are ${USED.join(', ')}` }
  }
  const socketPath = options.get('unix_socket')
  if (socketPath === '') return { fault: 'unix_socket is empty; expected the path of a socket' }
  if (server.host === '' && socketPath === undefined) return { fault: `${EXPECTED}; ${QUOTING}` }
  if (socketPath !== undefined && !/^(|localhost|127\.0\.0\.1)$/.test(server.host)) {
    return {
      fault: 'unix_socket is a socket of this machine, but the host names another; leave one of them out',
    }
  }
  const database = decodePart(parts.path.slice(1))
  if (!database || database.includes('/'))
    return { fault: `${EXPECTED}, with the name of one database at the end` }
  const tls = readTlsOptions(options)
  if (tls && 'fault' in tls) return tls
  if (tls && socketPath !== undefined)
    return { fault: 'unix_socket cannot be used with TLS; leave one of them out' }
  const fault = charsetFault(options) ?? timeoutFault(options)
  if (fault !== undefined) return { fault }
  return {
    address: {
      host: server.host || 'localhost',
      port: server.port ?? 3306,
      socketPath,
      user: server.user ?? '',
      password: server.password ?? '',
      database,
      tls,
      connectTimeoutMs: Number(options.get('connect_timeout') ?? DEFAULT_TIMEOUT_S) * 1000,
      text: `${socketPath ?? parts.authority.slice(parts.authority.lastIndexOf('@') + 1)}/${database}`,
    },
    unused,
  }
}

function severalHosts(authority: string): string | undefined {
  if (!authority.slice(authority.lastIndexOf('@') + 1).includes(',')) return undefined
  return 'only one host is allowed; for a cluster, give one name or address that leads to the server that takes writes'
}

/** Accepts UTF-8 only: the store always uses utf8mb4, which holds all of Unicode. */
function charsetFault(options: ReadonlyMap<string, string>): string | undefined {
  const charset = options.get('charset') ?? 'utf8mb4'
  if (!/^utf-?8(mb[34])?$/i.test(charset)) return `charset: ${charset} is not supported; expected utf8mb4`
  if (/^(0|false)$/i.test(options.get('use_unicode') ?? '1'))
    return 'use_unicode: expected true; texts are always Unicode'
  return undefined
}

function timeoutFault(options: ReadonlyMap<string, string>): string | undefined {
  const text = options.get('connect_timeout')
  if (text === undefined || (/^\d+(\.\d+)?$/.test(text) && Number(text) > 0)) return undefined
  return 'connect_timeout: expected a number of seconds'
}
