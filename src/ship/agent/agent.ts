import { lstatSync } from 'node:fs'
import { messageOf } from '../../domain/errors.ts'
import { sleep } from '../../runtime/backoff.ts'
import { HeldFolder } from '../../runtime/held-folder.ts'
import type { Service } from '../../runtime/lifecycle.ts'
import type { Logger } from '../../runtime/logger.ts'
import type { Journal } from '../journal.ts'
import { textOfPath } from '../log-sets/path-text.ts'
import { recover } from './aside.ts'
import type { Outcome } from './file-job.ts'
import { Notices } from './notices.ts'
import { splitPath } from './open-file.ts'
import { type PassContext, runPass } from './pass.ts'
import { RestingFiles } from './resting-files.ts'
import { ShipState } from './ship-state.ts'

export type AgentParts = Omit<PassContext, 'now' | 'tell' | 'tellFault' | 'resting' | 'signal'> & {
  readonly logger: Logger
  /** Returns the time in milliseconds since the epoch. */
  readonly clock: () => number
  /** Called with each outcome of each pass. */
  readonly tell?: (outcome: Outcome) => void | Promise<void>
  /** milliseconds between the begins of two passes */
  readonly intervalMs: number
}

/** Puts back the files that were aside when the agent ended: each then goes its way again from its begin. */
export async function recoverFiles(journal: Journal, logger: Logger): Promise<void> {
  for (const { path, aside } of journal.leaving()) {
    const file = textOfPath(path)
    try {
      const name = await recover(path, aside)
      if (name === undefined && !isThere(path)) journal.gone(path)
      else journal.left(path)
      if (name)
        logger.warn({ file }, `put back as ${textOfPath(name)}: the agent ended while it was being deleted`)
    } catch (error) {
      if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '') && !isThere(path))
        journal.gone(path)
      else logger.error({ file }, `cannot put back what was aside: ${messageOf(error)}`)
    }
  }
}

function isThere(path: Buffer): boolean {
  let folder: HeldFolder | undefined
  try {
    const { folder: parent, name } = splitPath(path)
    folder = HeldFolder.walk(parent)
    return lstatSync(folder.at(name), { throwIfNoEntry: false }) !== undefined
  } catch {
    return false
  } finally {
    folder?.close()
  }
}

/** Ships files again and again: a service that runs a pass at each interval, and ends after the files in hand. */
export class ShipAgent implements Service {
  readonly #parts: AgentParts
  readonly #notices: Notices
  readonly #resting = new RestingFiles()
  readonly state = new ShipState()
  readonly #stopping = new AbortController()
  #running: Promise<void> | undefined

  constructor(parts: AgentParts) {
    this.#parts = parts
    this.#notices = new Notices(parts.logger)
  }

  async start(): Promise<void> {
    this.#running ??= this.#run()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  /** Runs one pass. Resolves to whether all that was due was done. */
  async pass(): Promise<boolean> {
    const { clock, tell } = this.#parts
    const notices = this.#notices
    notices.begin()
    this.#resting.begin()
    this.state.begin()
    const now = clock()
    await runPass({
      ...this.#parts,
      now,
      resting: this.#resting,
      signal: this.#stopping.signal,
      tell: async (outcome) => {
        notices.tell(outcome)
        this.state.tell(outcome, now)
        await tell?.(outcome)
      },
      tellFault: (path, reason) => notices.tellFault(path, reason),
    })
    this.state.end()
    return notices.end()
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    const { intervalMs, logger } = this.#parts
    while (!signal.aborted) {
      const begin = performance.now()
      await this.pass().catch((error) => {
        this.state.failed(messageOf(error))
        logger.error({}, `the pass over all files failed: ${messageOf(error)}`)
      })
      // On the steady clock: a jump of the wall clock neither skips passes nor adds some.
      await sleep(Math.max(0, intervalMs - (performance.now() - begin)), signal)
    }
  }
}
