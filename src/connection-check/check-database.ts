import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { createStore, openDatabase } from '../assembly/open-store.ts'
import type { Config } from '../config/load/config.ts'
import { databaseAddress } from '../config/load/server-url.ts'
import { formatIso } from '../domain/time.ts'
import type { OpenDatabase } from '../store/dialect.ts'
import {
  DAEMON_RIGHTS,
  type GrantedRights,
  readRights,
  readServerVersion,
  UPGRADE_RIGHTS,
} from '../store/mysql/server-rights.ts'
import { schemaStatus } from '../store/schema/migrate.ts'
import { answerOf, type ConnectionFinding, failed, PATIENCE_MS } from './connection-finding.ts'

const NEWEST = { limit: 1, mark: undefined, ascending: false }

/** Checks the database and reports the newest event in it. */
export async function checkDatabase(config: Config): Promise<ConnectionFinding[]> {
  const { url } = config.winchester.database
  const name = nameOf(url)
  const remedy = 'see database.url in winchester.yaml'
  if (url.startsWith('sqlite:') && name !== ':memory:' && !existsSync(resolve(config.folder, name))) {
    if (!config.hasWinchester) {
      const text = 'does not exist yet; the consumer creates it'
      return [{ object: 'database', name, state: 'ok', text }]
    }
    const text = 'does not exist yet'
    return [{ object: 'database', name, state: 'error', text, remedy: 'stv3 db upgrade -c FILE creates it' }]
  }
  try {
    return await answerOf(look(config, name), 'the database')
  } catch (error) {
    return [failed('database', name, error, remedy)]
  }
}

/** Returns the address of a database without user and password. */
function nameOf(url: string): string {
  if (url.startsWith('sqlite:')) return url.slice('sqlite:'.length)
  return databaseAddress(url)?.address.text ?? ''
}

async function look(config: Config, name: string): Promise<ConnectionFinding[]> {
  const database = await openDatabase(config.winchester.database.url, config.folder, {
    silenceMs: PATIENCE_MS,
  })
  try {
    const server = await serverOf(database, name)
    const states = await schemaStatus(database.db, database.dialect.types)
    const missing = states.filter(({ appliedAt }) => appliedAt === undefined)
    if (missing.length > 0) {
      const text = `answers, but its schema lacks ${missing.map((state) => state.name).join(', ')}`
      const remedy = 'run stv3 db upgrade -c FILE'
      return [{ object: 'database', name, state: 'error', text, remedy }, ...server.rights]
    }
    const store = await createStore(database, config)
    const schema = states.at(-1)?.name
    const text = `answers; its schema is up to date (${schema})${server.text}`
    const facts = { schema, ...server.facts }
    const found: ConnectionFinding = { object: 'database', name, ...server.verdict, text, facts }
    if (!config.hasWinchester) return [found]
    const [event] = await store.listEvents({}, NEWEST)
    return [found, ...server.rights, newest(event)]
  } finally {
    void database.db.destroy().catch(() => {})
  }
}

/** What is reported of the server of a database and of the account; of SQLite nothing. */
type ServerFindings = {
  /** for the text of the database */
  readonly text: string
  readonly verdict: Pick<ConnectionFinding, 'state' | 'remedy'>
  readonly facts: { readonly server?: string }
  readonly rights: readonly ConnectionFinding[]
}

async function serverOf({ db, dialect }: OpenDatabase, name: string): Promise<ServerFindings> {
  if (dialect.hasOneConnection) return { text: '', verdict: { state: 'ok' }, facts: {}, rights: [] }
  const { text, isTooOld } = await readServerVersion(db)
  const verdict: ServerFindings['verdict'] = isTooOld
    ? { state: 'warning', remedy: 'workers need MariaDB 10.6 or MySQL 8.0, or newer' }
    : { state: 'ok' }
  const rights = [rightsFinding(name, await readRights(db))]
  return { text: `; ${text}`, verdict, facts: { server: text }, rights }
}

function rightsFinding(name: string, { rights, mayHaveMore }: GrantedRights): ConnectionFinding {
  const lacking = (wanted: readonly string[]) => wanted.filter((right) => !rights.has(right))
  const [daily, upgrade] = [lacking(DAEMON_RIGHTS), lacking(UPGRADE_RIGHTS)]
  const facts = { lacking: [...daily, ...upgrade], may_have_more: mayHaveMore }
  const about = { object: 'rights', name, facts } as const
  if (mayHaveMore && daily.length > 0)
    return {
      ...about,
      state: 'ok',
      text: 'come from roles or are of single tables: they are not looked into',
    }
  if (daily.length > 0) {
    const text = `this account may not ${daily.join(', ')}`
    return { ...about, state: 'error', text, remedy: 'see the grants in docs/operating.md' }
  }
  const text = `this account may ${DAEMON_RIGHTS.join(', ')}`
  if (upgrade.length === 0) return { ...about, state: 'ok', text: `${text}, and upgrade the schema` }
  return { ...about, state: 'ok', text: `${text}; for db upgrade it lacks ${upgrade.join(', ')}` }
}

function newest(
  event: { readonly eventType: string; readonly timestamp: number } | undefined,
): ConnectionFinding {
  if (!event)
    return { object: 'events', name: '', state: 'ok', text: 'none is stored yet', facts: { newest: null } }
  const { eventType, timestamp } = event
  const facts = { newest: formatIso(timestamp), event_type: eventType }
  const text = `the newest is ${eventType} of ${formatIso(timestamp)} UTC`
  return { object: 'events', name: '', state: 'ok', text, facts }
}
