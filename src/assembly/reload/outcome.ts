import { lstatSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What became of a reload: one sentence, as in the log. */
export type ReloadOutcome = { readonly ok: boolean; readonly sentence: string }

/** How far a process is with the signals that ask it to reload. */
export type ReloadState = {
  /** signals that have come since the start */
  readonly received: number
  /** how many of them the outcome is of: one reload may serve several */
  readonly served: number
  readonly outcome?: ReloadOutcome
}

/**
 * Keeps the state of reloads in a file of the temporary folder, where `stv3 reload` finds it, and removes the file when
 * the process ends. Where the file cannot be written nothing is kept: only `stv3 reload` misses it, and says so.
 */
export class ReloadStateFile {
  readonly #folder = folderOf(process.getuid?.() ?? 0)
  readonly #file = join(this.#folder, `${process.pid}.json`)

  constructor() {
    process.on('exit', () => rmSync(this.#file, { force: true }))
  }

  write(state: ReloadState): void {
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
      const folder = lstatSync(this.#folder)
      // Somebody else may have put another thing there.
      if (!folder.isDirectory() || folder.uid !== process.getuid?.()) return
      writeFileSync(`${this.#file}.new`, JSON.stringify(state), { mode: 0o600 })
      renameSync(`${this.#file}.new`, this.#file)
    } catch {
      // A full disk, or no temporary folder: reloading works all the same.
    }
  }
}

/** Returns how far a process is with reloading; undefined when that is not known. */
export function readReloadState(pid: number): ReloadState | undefined {
  try {
    const { uid } = statSync(`/proc/${pid}`)
    // A service may have a temporary folder of its own.
    const file = join(`/proc/${pid}/root`, folderOf(uid), `${pid}.json`)
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}

function folderOf(uid: number): string {
  return join(tmpdir(), `stv3-${uid}`)
}
