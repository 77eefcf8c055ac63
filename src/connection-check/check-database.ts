import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { createStore, openDatabase } from '../assembly/open-store.ts'
import type { Config } from '../config/load/config.ts'
import { databaseAddress } from '../config/load/server-url.ts'
import { formatIso } from '../domain/time.ts'
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
    const states = await schemaStatus(database.db, database.dialect.types)
    const missing = states.filter(({ appliedAt }) => appliedAt === undefined)
    if (missing.length > 0) {
      const text = `answers, but its schema lacks ${missing.map((state) => state.name).join(', ')}`
      return [{ object: 'database', name, state: 'error', text, remedy: 'run stv3 db upgrade -c FILE' }]
    }
    const store = await createStore(database, config)
    const schema = states.at(-1)?.name
    const text = `answers; its schema is up to date (${schema})`
    const found: ConnectionFinding = { object: 'database', name, state: 'ok', text, facts: { schema } }
    if (!config.hasWinchester) return [found]
    const [event] = await store.listEvents({}, NEWEST)
    return [found, newest(event)]
  } finally {
    void database.db.destroy().catch(() => {})
  }
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
