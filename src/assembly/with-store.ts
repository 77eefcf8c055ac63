import type { Logger } from '../runtime/logger.ts'
import { Outage } from '../runtime/outage.ts'
import type { ServiceManager } from '../runtime/service-manager.ts'
import type { Store } from '../store/store.ts'
import { openWhenReady } from './daemon.ts'
import type { DaemonStatus } from './daemon-status.ts'
import type { Observation } from './observation.ts'

export type DaemonStore = {
  readonly open: () => Promise<Store>
  /** aborts when the daemon stops */
  readonly signal: AbortSignal
  readonly logger: Logger
  readonly observation: Observation | undefined
  readonly manager?: ServiceManager
  readonly status?: DaemonStatus
}

const NOT_OPEN = 'the database is not open yet'
const OPEN = 'the database is open'
/** Time between two looks at the database for the status tree, ms. */
const PING_MS = 5000

/**
 * Runs a daemon with its store, and closes the store afterwards. Waits while the database is away. The status
 * is served before the database is open, because a process that waits for it is alive.
 */
export async function withStore(
  { open, signal, logger, observation, manager, status: tree }: DaemonStore,
  run: (store: Store) => Promise<void>,
): Promise<void> {
  let store: Store | undefined
  const outage = new Outage(logger, OPEN)
  observation?.health.add('database', () => {
    if (store) return store.ping().then(() => undefined)
    return outage.reason === undefined ? NOT_OPEN : `${NOT_OPEN}: ${outage.reason}`
  })
  const status = observation?.serve(logger)
  tree?.follow(async () => ({ 'store.state': store ? await stateOf(store) : 'waiting' }), PING_MS)
  try {
    await status?.start()
    await tree?.start()
    store = await openWhenReady(open, signal, outage, manager)
    if (store) tree?.set('store.state', 'connected')
    if (store) await run(store)
  } finally {
    await tree?.stop()
    await status?.stop()
    await store?.close()
  }
}

async function stateOf(store: Store): Promise<string> {
  try {
    await store.ping()
    return 'connected'
  } catch {
    return 'reconnecting'
  }
}
