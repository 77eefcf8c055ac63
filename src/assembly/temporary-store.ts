import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Config } from '../config/load/config.ts'
import { upgradeSchema } from '../store/schema/migrate.ts'
import type { Store } from '../store/store.ts'
import { createStore, openDatabase } from './open-store.ts'

/** An empty store in a folder of its own, which only its owner can read. */
export type TemporaryStore = {
  readonly store: Store
  /** deleted with everything in it when the store is closed */
  readonly folder: string
  close(): Promise<void>
}

/**
 * Opens an empty store in a file in the system's folder for temporary files: unlike one in memory it stays small,
 * however much goes through it.
 */
export async function openTemporaryStore(config: Config): Promise<TemporaryStore> {
  const folder = await mkdtemp(join(tmpdir(), 'stacktach-'))
  const remove = () => rm(folder, { recursive: true, force: true })
  try {
    const database = await openDatabase('sqlite:events.db', folder)
    await upgradeSchema(database.db, database.dialect.types)
    const store = await createStore(database, config, 'temporary')
    return {
      store,
      folder,
      async close() {
        await store.close()
        await remove()
      },
    }
  } catch (error) {
    await remove()
    throw error
  }
}
