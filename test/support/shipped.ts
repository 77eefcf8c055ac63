import { resolve } from 'node:path'
import { type Config, loadConfig } from '../../src/config/load-config.ts'
import { createDistiller, type Distiller } from '../../src/distiller/distiller.ts'
import { upgradeSchema } from '../../src/store/migrate.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import { openSqliteDatabase } from '../../src/store/sqlite-database.ts'
import type { Store } from '../../src/store/store.ts'
import { createRouter, type TriggerRouter } from '../../src/streams/router.ts'

/** What the shipped configuration works with, on an empty database in memory. */
export async function openShipped(): Promise<{
  readonly config: Config
  readonly distiller: Distiller
  readonly router: TriggerRouter
  readonly store: Store
}> {
  const config = await loadConfig(resolve(import.meta.dirname, '../../config/winchester.yaml'), {})
  const database = openSqliteDatabase(':memory:')
  await upgradeSchema(database.db, database.dialect.types)
  return {
    config,
    distiller: createDistiller(config.definitions, { catchAll: false }),
    router: createRouter(config.triggers),
    store: await createSqlStore(database),
  }
}
