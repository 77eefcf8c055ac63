import type { ShipConfig } from '../../config/load/load-ship.ts'
import { StackTachError } from '../../domain/errors.ts'
import { FileLock } from '../../runtime/file-lock.ts'
import type { Logger } from '../../runtime/logger.ts'
import { type AgentWork, recoverFiles, ShipAgent } from '../../ship/agent/agent.ts'
import type { Outcome } from '../../ship/agent/file-job.ts'
import { Journal } from '../../ship/journal.ts'
import { markArchives } from './mark-archives.ts'
import { closeTargets, openTargets, type Targets } from './open-targets.ts'
import { workOf } from './work-of.ts'

export type ShipOptions = {
  readonly logger: Logger
  /** Returns the time in milliseconds since the epoch. */
  readonly clock: () => number
  readonly tell?: (outcome: Outcome) => void | Promise<void>
}

/** An agent with all that it holds open. */
export type OpenShip = {
  readonly agent: ShipAgent
  /** Ships by other settings from the next pass on. Their targets are the agent's to close. */
  use(work: AgentWork, targets: Targets): Promise<void>
  close(): Promise<void>
}

/**
 * Opens a journal, puts back what was being deleted when the last agent ended, and builds an agent. Rejects with StackTachError while
 * another process has the journal.
 */
export async function openAgent(
  file: string,
  work: AgentWork,
  targets: Targets,
  options: ShipOptions,
): Promise<OpenShip> {
  const journal = Journal.open(file)
  const lock = FileLock.take(`${file}.lock`)
  if (!lock) {
    journal.close()
    throw new StackTachError('config', `${file} is the journal of another stv3 ship that runs`)
  }
  const closeJournal = () => {
    journal.close()
    lock.release()
  }
  try {
    await recoverFiles(journal, options.logger)
  } catch (error) {
    closeJournal()
    throw error
  }
  const agent = new ShipAgent({ ...options, ...work, journal })
  let current = targets
  let isClosed = false
  return {
    agent,
    async use(next, nextTargets) {
      const last = current
      current = nextTargets
      await agent.use(next)
      await closeTargets(last)
    },
    async close() {
      if (isClosed) return
      isClosed = true
      await closeTargets(current)
      closeJournal()
    },
  }
}

/** Opens the targets of a configuration, and the agent that ships to them. */
export async function openShip(config: ShipConfig, options: ShipOptions): Promise<OpenShip> {
  const targets = await openTargets(config.targets)
  try {
    const tell = await markArchives(config.archiveFolders, options.logger, options.tell)
    const told = { ...options, ...(tell ? { tell } : {}) }
    return await openAgent(config.journal, await workOf(config, targets), targets, told)
  } catch (error) {
    await closeTargets(targets)
    throw error
  }
}
