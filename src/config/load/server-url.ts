import { parseBrokerAddress } from '../../text/broker-address.ts'
import { type ParsedMysqlAddress, parseMysqlAddress } from '../../text/mysql-address.ts'

/** What is wrong with a `database.url`; undefined when nothing is. Never repeats the URL, which holds a password. */
export function databaseUrlFault(url: string): string | undefined {
  if (url.startsWith('sqlite:')) return undefined
  const parsed = parseMysqlAddress(url)
  return 'fault' in parsed ? `${parsed.fault}${otherKinds(url)}` : undefined
}

/** The address that is used, with what of it is not; undefined for SQLite and for what is none. */
export function databaseAddress(url: string): ParsedMysqlAddress | undefined {
  if (url.startsWith('sqlite:')) return undefined
  const parsed = parseMysqlAddress(url)
  return 'fault' in parsed ? undefined : parsed
}

function otherKinds(url: string): string {
  return /^(mysql|mariadb)/.test(url) ? '' : ', sqlite:PATH or sqlite::memory:'
}

/** What is wrong with the `url` of a broker; undefined when nothing is. */
export function brokerUrlFault(url: string): string | undefined {
  if (url.startsWith('memory:')) return undefined
  const parsed = parseBrokerAddress(url)
  return 'fault' in parsed ? parsed.fault : undefined
}

/** What stands in the `url` of a broker and is not used. */
export function unusedOfBrokerUrl(url: string): readonly string[] {
  if (url.startsWith('memory:')) return []
  const parsed = parseBrokerAddress(url)
  return 'fault' in parsed ? [] : parsed.unused
}
