import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createStore, openDatabase } from '../../src/assembly/open-store.ts'
import { loadConfig } from '../../src/config/load/load-config.ts'
import { formatIso, MICROS_PER_MINUTE, type Micros } from '../../src/domain/time.ts'
import { upgradeSchema } from '../../src/store/schema/migrate.ts'
import type { Store } from '../../src/store/store.ts'
import { at } from './events.ts'
import { folderWith } from './folders.ts'

/** Differences from the configuration of orders, by file. */
export type OrderFiles = { readonly [file: string]: string }

/** The file that names the others. */
export const ORDER_WINCHESTER = `
database: {url: 'sqlite:orders.db'}
distiller_config: definitions.yaml
trigger_definitions: triggers.yaml
pipeline_config: pipelines.yaml
purge_completed_streams: false
pipeline_handlers: {bill: './handlers.mjs:Bill', send: './handlers.mjs:Send'}
`

const FILES: OrderFiles = {
  'winchester.yaml': ORDER_WINCHESTER,
  'definitions.yaml': `
- event_type: order.*
  traits:
    order: {fields: payload.order}
    amount: {fields: payload.amount, type: int}
`,
  'triggers.yaml': `
- name: orders
  distinguished_by: [order]
  match_criteria: [{event_type: [order.*, '!order.billed']}]
  fire_criteria: [{event_type: order.done}]
  expiration: $last + 1h
  fire_pipeline: bill
  expire_pipeline: bill
`,
  'pipelines.yaml': 'bill: [bill, send]\n',
  'handlers.mjs': `
import { appendFileSync } from 'node:fs'
export class Bill {
  static changesOthers = false
  handleEvents(events) {
    const [{ messageId, timestamp, traits }] = events
    return [...events, { messageId: messageId + '-bill', eventType: 'order.billed', timestamp, traits }]
  }
  commit() {}
  rollback() {}
}
export class Send {
  handleEvents(events) {
    this.count = events.length
    return events
  }
  commit() { appendFileSync(new URL('sent', import.meta.url), this.count + '\\n') }
  rollback() {}
  wouldPublish() { return [{ count: this.count }] }
}
`,
}

/** The folder of a configuration that bills orders, with an empty database. */
export class Orders {
  readonly folder: string

  constructor(files: OrderFiles = {}) {
    this.folder = folderWith({ ...FILES, ...files })
  }

  get config(): string {
    return join(this.folder, 'winchester.yaml')
  }

  /** Creates the tables. */
  async prepare(): Promise<this> {
    const database = await openDatabase('sqlite:orders.db', this.folder)
    await upgradeSchema(database.db, database.dialect.types)
    await database.db.destroy()
    return this
  }

  /** Looks into the database. */
  async look<T>(work: (store: Store) => Promise<T>): Promise<T> {
    const config = await loadConfig(this.config, {})
    const store = await createStore(await openDatabase('sqlite:orders.db', this.folder), config)
    try {
      return await work(store)
    } finally {
      await store.close()
    }
  }

  /** Returns how many events each commit of the sending handler had. */
  sent(): number[] {
    try {
      return readFileSync(join(this.folder, 'sent'), 'utf8').trim().split('\n').map(Number)
    } catch {
      return []
    }
  }
}

/** The notification of a step of an order, so many minutes after the beginning of 2026. */
export function orderLine(order: string, step: string, minute: number, more: object = {}): string {
  return JSON.stringify({
    event_type: `order.${step}`,
    message_id: `${order}-${step}`,
    timestamp: formatIso(minuteOf(minute)),
    payload: { order, amount: 5, ...more },
  })
}

function minuteOf(minute: number): Micros {
  return at('2026-01-01T00:00:00') + minute * MICROS_PER_MINUTE
}

/** Three orders: a is done, b is left and expires, c is done the next day. */
export const ORDER_LINES: readonly string[] = [
  orderLine('a', 'placed', 0),
  orderLine('b', 'placed', 1),
  orderLine('a', 'paid', 2),
  orderLine('a', 'done', 3),
  orderLine('c', 'placed', 1440),
  orderLine('c', 'done', 1450),
]
