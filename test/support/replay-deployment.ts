import { expect } from 'vitest'
import { runProgram } from '../../sandbox/servers/child-program.ts'
import { openStore } from '../../src/assembly/open-store.ts'
import { loadConfig } from '../../src/config/load/load-config.ts'
import type { Store } from '../../src/store/store.ts'
import { createTestDatabase } from './databases.ts'

export const CONFIG = 'config/winchester.yaml'
export const ALL = { limit: 100_000, mark: undefined, ascending: true }

/** Opens a database of its own for the shipped configuration. */
export async function openDeployment(): Promise<{ readonly env: NodeJS.ProcessEnv; readonly store: Store }> {
  const env = { STACKTACH_DATABASE_URL: await createTestDatabase() }
  expect((await runProgram('stv3', ['db', 'upgrade', '-c', CONFIG], env)).code).toBe(0)
  return { env, store: await openStore(await loadConfig(CONFIG, env)) }
}

/** Returns the message ids of all events: of those that came, and of those that pipelines made. */
export async function idsOf(store: Store): Promise<string[]> {
  return (await store.listEvents({}, ALL)).map(({ messageId }) => messageId).sort()
}
