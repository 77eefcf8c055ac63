import { parseBrokerAddress } from '../../text/broker-address.ts'
import { type ParsedMysqlAddress, parseMysqlAddress } from '../../text/mysql-address.ts'

/**
 * Returns the fault of a `database.url`; undefined when there is none. Never repeats the URL, which has a
 * password.
 */
export function databaseUrlFault(url: string): string | undefined {
  if (url.startsWith('sqlite:')) return sqliteFault(url.slice('sqlite:'.length))
  const parsed = parseMysqlAddress(url)
  return 'fault' in parsed ? `${parsed.fault}${otherKinds(url)}` : undefined
}

/** Returns the fault of the path of an SQLite file. */
function sqliteFault(path: string): string | undefined {
  if (path === ':memory:') return undefined
  const expected = 'expected sqlite:PATH, the path of a file, or sqlite::memory:'
  if (path.trim() === '' || /(?:^|\/)\.{0,2}$/.test(path)) return `sqlite:${path} names no file; ${expected}`
  return path.includes('?') ? `sqlite: takes no parameters; ${expected}` : undefined
}

/** Returns the parsed address, with its unused parts; undefined for SQLite and for a faulty URL. */
export function databaseAddress(url: string): ParsedMysqlAddress | undefined {
  if (url.startsWith('sqlite:')) return undefined
  const parsed = parseMysqlAddress(url)
  return 'fault' in parsed ? undefined : parsed
}

/** Returns the name of a database for messages, without user and password. */
export function nameOfDatabase(url: string): string {
  if (url.startsWith('sqlite:')) return `the database ${url.slice('sqlite:'.length)}`
  return `the database at ${databaseAddress(url)?.address.text ?? ''}`
}

function otherKinds(url: string): string {
  return /^(mysql|mariadb)/.test(url) ? '' : ', sqlite:PATH or sqlite::memory:'
}

/** Returns the fault of the `url` of a broker; undefined when there is none. */
export function brokerUrlFault(url: string): string | undefined {
  if (url.startsWith('memory:')) return undefined
  const parsed = parseBrokerAddress(url)
  return 'fault' in parsed ? parsed.fault : undefined
}

/** Returns the parts of a broker's `url` that are not used. */
export function unusedOfBrokerUrl(url: string): readonly string[] {
  if (url.startsWith('memory:')) return []
  const parsed = parseBrokerAddress(url)
  return 'fault' in parsed ? [] : parsed.unused
}
