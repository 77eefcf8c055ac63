import { resolve } from 'node:path'
import { createStore } from '../../src/assembly/open-store.ts'
import type { Config } from '../../src/config/load/config.ts'
import { loadConfig } from '../../src/config/load/load-config.ts'
import { createDistiller, type Distiller } from '../../src/distiller/distiller.ts'
import { upgradeSchema } from '../../src/store/schema/migrate.ts'
import { openSqliteDatabase } from '../../src/store/sqlite/sqlite-database.ts'
import type { Store } from '../../src/store/store.ts'
import { createRouter, type TriggerRouter } from '../../src/streams/router.ts'

/** Differences from the shipped configuration. */
export type Variation = {
  readonly env?: { readonly [name: string]: string }
  /** path of another winchester.yaml */
  readonly file?: string
}

const SHIPPED = resolve(import.meta.dirname, '../../config/winchester.yaml')

/** Opens the shipped configuration with its distiller and router, and an empty store in memory. */
export async function openShipped({ env = {}, file = SHIPPED }: Variation = {}): Promise<{
  readonly config: Config
  readonly distiller: Distiller
  readonly router: TriggerRouter
  readonly store: Store
}> {
  const config = await loadConfig(file, env)
  const database = openSqliteDatabase(':memory:')
  await upgradeSchema(database.db, database.dialect.types)
  return {
    config,
    distiller: createDistiller(config.definitions, { catchAll: false }),
    router: createRouter(config.triggers),
    store: await createStore(database, config, { writer: 'test' }),
  }
}
