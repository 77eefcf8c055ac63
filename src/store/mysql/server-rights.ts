import { type Kysely, sql } from 'kysely'
import type { Tables } from '../schema/schema.ts'

/** The rights that an account has on a database. */
export type GrantedRights = {
  /** names of rights in lower case, such as `select` */
  readonly rights: ReadonlySet<string>
  /** whether it has roles, or rights on single tables, that may give more */
  readonly mayHaveMore: boolean
}

/** The server of a database. */
export type ServerVersion = {
  /** such as `MariaDB 10.11.6` */
  readonly text: string
  /** whether it is older than what workers need: MariaDB 10.6, MySQL 8.0 */
  readonly isTooOld: boolean
}

/** Rights of daemons, and those that `db upgrade` and `db import` need beside them. */
export const DAEMON_RIGHTS = ['select', 'insert', 'update', 'delete'] as const
export const UPGRADE_RIGHTS = ['create', 'alter', 'drop', 'index', 'references'] as const

/** Reads the rights of the connected account on the database that it uses. */
export async function readRights(db: Kysely<Tables>): Promise<GrantedRights> {
  const { rows } = await sql<{ name: string }>`select database() as name`.execute(db)
  const grants = await sql<{ readonly [column: string]: string }>`show grants`.execute(db)
  return parseGrants(
    grants.rows.flatMap((row) => Object.values(row)),
    String(rows[0]?.name),
  )
}

/**
 * Parses the lines of `show grants`, as far as they are of one database.
 *
 * @example
 * parseGrants(["GRANT SELECT, INSERT ON `winchester`.* TO `me`@`%`"], 'winchester')
 */
export function parseGrants(lines: readonly string[], database: string): GrantedRights {
  const rights = new Set<string>()
  let mayHaveMore = false
  for (const line of lines) {
    const [, list = '', schema = '', table = ''] =
      /^GRANT (.+?) ON (?:TABLE )?(`(?:[^`]|``)*`|\*)\.(`(?:[^`]|``)*`|\*) TO /i.exec(line) ?? []
    if (list === '') mayHaveMore ||= /^GRANT [`'"]/.test(line)
    else if (!covers(schema, database)) continue
    else if (table !== '*') mayHaveMore = true
    else for (const right of rightsOf(list)) rights.add(right)
  }
  return { rights, mayHaveMore }
}

function rightsOf(list: string): readonly string[] {
  if (/^ALL( PRIVILEGES)?$/i.test(list)) return [...DAEMON_RIGHTS, ...UPGRADE_RIGHTS]
  return list.toLowerCase().split(/, */)
}

/** Whether the pattern of a grant, with the wildcards _ and %, covers a database. */
function covers(schema: string, database: string): boolean {
  if (schema === '*') return true
  const pattern = schema.slice(1, -1).replaceAll('``', '`')
  const parts = pattern.match(/\\.|[^\\]/gs) ?? []
  const regexp = parts.map((part) => {
    if (part === '%') return '.*'
    if (part === '_') return '.'
    return RegExp.escape(part.replace(/^\\/, ''))
  })
  return new RegExp(`^${regexp.join('')}$`, 's').test(database)
}

/** Reads name and version of the server. */
export async function readServerVersion(db: Kysely<Tables>): Promise<ServerVersion> {
  const { rows } = await sql<{ version: string }>`select version() as version`.execute(db)
  return parseServerVersion(String(rows[0]?.version))
}

/** Parses what `version()` returns, such as `10.11.6-MariaDB-0+deb12u1` or `8.0.36`. */
export function parseServerVersion(text: string): ServerVersion {
  const isMariaDb = /mariadb/i.test(text)
  // Some proxies put the number of an old MySQL before that of MariaDB.
  const [version = '', major, minor] =
    /(\d+)\.(\d+)(?:\.\d+)?/.exec(text.replace(/^5\.5\.5-(?=1\d\.)/, '')) ?? []
  const [least, leastMinor] = isMariaDb ? [10, 6] : [8, 0]
  const isTooOld = Number(major) < least || (Number(major) === least && Number(minor) < leastMinor)
  return { text: `${isMariaDb ? 'MariaDB' : 'MySQL'} ${version}`, isTooOld }
}
