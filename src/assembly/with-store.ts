import type { Logger } from '../runtime/logger.ts'
import type { Store } from '../store/store.ts'
import { openWhenReady } from './daemon.ts'
import type { Observation } from './observation.ts'

export type DaemonStore = {
  readonly open: () => Promise<Store>
  /** aborts when the daemon stops */
  readonly signal: AbortSignal
  readonly logger: Logger
  readonly observation: Observation | undefined
}

const NOT_OPEN = 'the database is not open yet'

/**
 * Runs a daemon with its store, and closes the store afterwards. Waits while the database is away. The status
 * is served before the database is open, because a process that waits for it is alive.
 */
export async function withStore(
  { open, signal, logger, observation }: DaemonStore,
  run: (store: Store) => Promise<void>,
): Promise<void> {
  let store: Store | undefined
  observation?.health.add('database', () => (store ? store.ping().then(() => undefined) : NOT_OPEN))
  const status = observation?.serve(logger)
  try {
    await status?.start()
    store = await openWhenReady(open, signal, logger)
    if (store) await run(store)
  } finally {
    await status?.stop()
    await store?.close()
  }
}
