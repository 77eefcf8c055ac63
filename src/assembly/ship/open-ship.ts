import { dirname } from 'node:path'
import type { ShipConfig } from '../../config/load/load-ship.ts'
import { StackTachError } from '../../domain/errors.ts'
import { FileLock } from '../../runtime/file-lock.ts'
import type { Logger } from '../../runtime/logger.ts'
import { makeFolder } from '../../runtime/make-folder.ts'
import { recoverFiles, ShipAgent } from '../../ship/agent/agent.ts'
import type { Outcome } from '../../ship/agent/file-job.ts'
import { Journal } from '../../ship/journal.ts'
import { markArchives } from './mark-archives.ts'
import { closeTargets } from './open-targets.ts'
import { type OpenWork, openWork, withTargets } from './open-work.ts'
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
  /** Ships something else from the next pass on, and closes the targets of before when no pass uses them. */
  use(next: OpenWork): Promise<void>
  close(): Promise<void>
}

/** An agent whose configuration may be replaced by another with the same journal. */
export type ConfiguredShip = OpenShip & { useConfig(config: ShipConfig): Promise<void> }

/**
 * Opens a journal, puts back what was being deleted when the last agent ended, and builds an agent. Rejects with StackTachError while
 * another process has the journal; the targets are closed then.
 */
export function openAgent(file: string, first: OpenWork, options: ShipOptions): Promise<OpenShip> {
  return withTargets(first.targets, () => openWith(file, first, options))
}

async function openWith(file: string, first: OpenWork, options: ShipOptions): Promise<OpenShip> {
  const { journal, closeJournal } = openJournal(file)
  try {
    await recoverFiles(journal, options.logger)
  } catch (error) {
    closeJournal()
    throw error
  }
  const agent = new ShipAgent({ ...options, ...first.work, journal })
  let current = first.targets
  let isClosed = false
  return {
    agent,
    async use({ work, targets }) {
      const last = current
      current = targets
      await agent.use(work)
      await closeTargets(last)
    },
    async close() {
      if (isClosed) return
      isClosed = true
      await closeTargets(current).finally(closeJournal)
    },
  }
}

/** Opens a journal for this process alone: it is brought up to date only when no other agent has it. */
function openJournal(file: string): { readonly journal: Journal; readonly closeJournal: () => void } {
  makeFolder(dirname(file))
  const lock = FileLock.take(`${file}.lock`)
  if (!lock) throw new StackTachError('config', `${file} is the journal of another stv3 ship that runs`)
  try {
    const journal = Journal.open(file)
    const closeJournal = () => {
      journal.close()
      lock.release()
    }
    return { journal, closeJournal }
  } catch (error) {
    lock.release()
    throw error
  }
}

/** Opens the targets of a configuration, and the agent that ships to them. */
export async function openShip(config: ShipConfig, options: ShipOptions): Promise<ConfiguredShip> {
  const { logger } = options
  const prepare = async (one: ShipConfig) => {
    const opened = await openWork(one.targets, (targets) => workOf(one, targets))
    return withTargets(opened.targets, async () => {
      const marking = await markArchives(one.archiveFolders, logger)
      return { opened, marking }
    })
  }
  const first = await prepare(config)
  let { marking } = first
  const tell = async (outcome: Outcome) => {
    await options.tell?.(outcome)
    await marking(outcome)
  }
  const ship = await openAgent(config.journal, first.opened, { ...options, tell })
  return {
    ...ship,
    async useConfig(next) {
      const prepared = await prepare(next)
      marking = prepared.marking
      await ship.use(prepared.opened)
    },
  }
}
