import { lstatSync } from 'node:fs'
import { messageOf } from '../../domain/errors.ts'
import { sleep } from '../../runtime/backoff.ts'
import { HeldFolder } from '../../runtime/held-folder.ts'
import type { Service } from '../../runtime/lifecycle.ts'
import type { Logger } from '../../runtime/logger.ts'
import type { Journal } from '../journal.ts'
import { textOfPath } from '../log-sets/path-text.ts'
import type { PlacedSet } from '../log-sets/select-sets.ts'
import { recover } from './aside.ts'
import type { Outcome } from './file-job.ts'
import { FolderWatch } from './folder-watch.ts'
import { Notices } from './notices.ts'
import { splitPath } from './open-file.ts'
import { type PassContext, runPass } from './pass.ts'
import { RestingFiles } from './resting-files.ts'
import { ShipState } from './ship-state.ts'

/** What an agent ships, and how: it may be replaced while the agent runs. */
export type AgentWork = Omit<
  PassContext,
  'now' | 'tell' | 'tellFault' | 'resting' | 'signal' | 'journal' | 'placed' | 'tellNext' | 'tellFolder'
> & {
  readonly placed: readonly PlacedSet[] | (() => readonly PlacedSet[])
  /** milliseconds between the begins of two passes */
  readonly intervalMs: number
  /** whether folders are watched between two passes */
  readonly isWatching?: boolean | undefined
}

export type AgentParts = AgentWork & {
  readonly journal: Journal
  readonly logger: Logger
  /** Returns the time in milliseconds since the epoch. */
  readonly clock: () => number
  /** Called with each outcome of each pass. */
  readonly tell?: (outcome: Outcome) => void | Promise<void>
}

/** Shortest wait between two passes, ms, and in times that a pass took: looking costs little in all. */
const LEAST_WAIT_MS = 1000
const LEAST_SHARE = 20

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
  #work: AgentWork
  readonly #notices: Notices
  #resting = new RestingFiles()
  readonly state = new ShipState()
  readonly #stopping = new AbortController()
  #running: Promise<void> | undefined
  #passing: Promise<unknown> = Promise.resolve()
  #hurry = new AbortController()
  /** when there may be something to do, by what the last pass has seen */
  #nextAt = Number.POSITIVE_INFINITY
  #watch: FolderWatch | undefined

  constructor(parts: AgentParts) {
    this.#parts = parts
    this.#work = parts
    this.#notices = new Notices(parts.logger)
  }

  async start(): Promise<void> {
    this.#running ??= this.#run()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  /**
   * Ships other files, or in another way, from the next pass on, which begins at once. Resolves when no pass is under way that began
   * before.
   */
  async use(work: AgentWork): Promise<void> {
    this.#work = work
    // Other log sets may have something to do with files that rest.
    this.#resting = new RestingFiles()
    this.wake()
    await this.#passing
  }

  /** Begins the next pass now, or when the one under way has ended. */
  wake(): void {
    this.#hurry.abort()
  }

  /** Runs one pass. Resolves to whether all that was due was done. */
  pass(): Promise<boolean> {
    const pass = this.#pass()
    this.#passing = pass.catch(() => {})
    return pass
  }

  async #pass(): Promise<boolean> {
    const { clock, tell, journal } = this.#parts
    const work = this.#work
    const notices = this.#notices
    notices.begin()
    const resting = this.#resting
    resting.begin()
    this.state.begin()
    const now = clock()
    let nextAt = Number.POSITIVE_INFINITY
    const watch = this.#watch
    await runPass({
      ...work,
      placed: typeof work.placed === 'function' ? work.placed() : work.placed,
      journal,
      now,
      resting,
      signal: this.#stopping.signal,
      tell: async (outcome) => {
        notices.tell(outcome)
        this.state.tell(outcome, now)
        await tell?.(outcome)
      },
      tellFault: (path, reason) => notices.tellFault(path, reason),
      tellNext: (at) => {
        nextAt = Math.min(nextAt, at)
      },
      tellFolder: (path) => watch?.see(path),
    })
    this.#nextAt = nextAt
    watch?.end()
    this.state.end()
    return notices.end()
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    const { logger, clock } = this.#parts
    while (!signal.aborted) {
      const begin = performance.now()
      this.#hurry = new AbortController()
      this.#watchAsAsked()
      await this.pass().catch((error) => {
        this.state.failed(messageOf(error))
        logger.error({}, `the pass over all files failed: ${messageOf(error)}`)
      })
      const took = performance.now() - begin
      // On the steady clock: a jump of the wall clock neither skips passes nor adds some.
      const rest = Math.max(0, this.#work.intervalMs - took)
      const due = this.#work.isWatching ? Math.max(0, this.#nextAt - clock()) : rest
      const least = Math.min(rest, Math.max(LEAST_WAIT_MS, LEAST_SHARE * took))
      await sleep(least, signal)
      await sleep(Math.min(rest, due) - least, AbortSignal.any([signal, this.#hurry.signal]))
    }
    this.#watch?.close()
  }

  #watchAsAsked(): void {
    if (this.#work.isWatching) this.#watch ??= new FolderWatch(() => this.wake())
    else {
      this.#watch?.close()
      this.#watch = undefined
    }
  }
}
