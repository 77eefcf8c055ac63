import { openStore } from '../assembly/open-store.ts'
import type { Config } from '../config/load/config.ts'
import { loadConfig } from '../config/load/load-config.ts'
import { nameOfDatabase } from '../config/load/server-url.ts'
import type { Store } from '../store/store.ts'
import { tellWait } from './tell-wait.ts'

/**
 * Opens the store of a configuration for a piece of work and closes it afterwards. `writer` names the process
 * that stores events; without it only dead letters and states may be changed.
 */
export async function withConfiguredStore(
  file: string,
  work: (store: Store, config: Config) => Promise<void>,
  writer?: string,
): Promise<void> {
  const config = await loadConfig(file, process.env)
  const opening = openStore(config, writer === undefined ? {} : { writer })
  const store = await tellWait(nameOfDatabase(config.winchester.database.url), opening)
  try {
    await work(store, config)
  } finally {
    await store.close()
  }
}
