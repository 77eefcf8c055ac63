import type { ShipConfig } from '../../config/load/load-ship.ts'
import { StackTachError } from '../../domain/errors.ts'
import { FileLock } from '../../runtime/file-lock.ts'
import type { Logger } from '../../runtime/logger.ts'
import { recoverFiles, ShipAgent } from '../../ship/agent/agent.ts'
import type { Outcome } from '../../ship/agent/file-job.ts'
import { Journal } from '../../ship/journal.ts'
import { selectSets } from '../../ship/log-sets/select-sets.ts'
import { closeTargets, openTargets } from './open-targets.ts'

export type ShipOptions = {
  readonly logger: Logger
  /** Returns the time in milliseconds since the epoch. */
  readonly clock: () => number
  readonly tell?: (outcome: Outcome) => void | Promise<void>
}

/** An agent with all that it holds open. */
export type OpenShip = { readonly agent: ShipAgent; close(): Promise<void> }

/**
 * Opens journal and targets of a configuration, puts back what was being deleted when the last agent ended, and builds
 * the agent. Rejects with StackTachError while another process has the journal.
 */
export async function openShip(config: ShipConfig, options: ShipOptions): Promise<OpenShip> {
  const journal = Journal.open(config.journal)
  const lock = FileLock.take(`${config.journal}.lock`)
  if (!lock) {
    journal.close()
    throw new StackTachError('config', `${config.journal} is the journal of another stv3 ship that runs`)
  }
  const closeJournal = () => {
    journal.close()
    lock.release()
  }
  try {
    const targets = await openTargets(config.targets)
    await recoverFiles(journal, options.logger)
    const placed = selectSets(config.sets, { ...config.host, root: config.root }, config.zones)
    const [only] = Object.values(targets)
    const agent = new ShipAgent({
      ...options,
      placed,
      targetOf: ({ set }) => (set.target === undefined ? only : targets[set.target]),
      customers: (uuid) => (Object.hasOwn(config.customers, uuid) ? config.customers[uuid] : undefined),
      journal,
      parallel: config.parallel,
      intervalMs: config.intervalMs,
    })
    const close = async () => {
      await closeTargets(targets)
      closeJournal()
    }
    return { agent, close }
  } catch (error) {
    closeJournal()
    throw error
  }
}
