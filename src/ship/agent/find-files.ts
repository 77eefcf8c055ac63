import { type BigIntStats, type Dirent, lstatSync, readdirSync } from 'node:fs'
import { messageOf } from '../../domain/errors.ts'
import { HeldFolder, partsOf } from '../../runtime/held-folder.ts'
import { bytesOfPath, textOfPath } from '../log-sets/path-text.ts'
import type { PlacedSet } from '../log-sets/select-sets.ts'
import { searchPaths } from './search-paths.ts'

/** A plain file, and the log sets in whose folders it lies. */
export type FoundFile = {
  readonly path: Buffer
  /** the path as textOfPath has it */
  readonly text: string
  readonly stats: BigIntStats
  readonly sets: readonly PlacedSet[]
}

/** Called with each folder that cannot be looked through, and why. */
export type TellFault = (path: string, reason: string) => void

/** Folder for files that are about to be deleted, beside them. */
export const ASIDE = Buffer.from('.stv3-ship')
/** Folders of this program, which are never looked through. */
const OWN = new Set(['.stv3-ship', '.stv3-partial'])
/** Deepest folder below a search folder that is looked through: each holds a descriptor. */
const DEEPEST = 128
/** Files between two yields without a file, at which others may have their turn. */
const SLICE = 256

type Sets = readonly PlacedSet[]

/**
 * Yields the plain files of log sets, each once, though several folders or log sets lead to it. Follows no links. Yields
 * undefined now and then, so that the caller can let others have their turn.
 */
export function* findFiles(
  placed: Sets,
  tell: TellFault,
  tellFolder: (path: string) => void = () => {},
): Generator<FoundFile | undefined> {
  const starts = new Map<string, PlacedSet[]>()
  for (const one of placed)
    for (const path of searchPaths(one)) starts.set(path, [...(starts.get(path) ?? []), one])
  const walk = new Walk(starts, tell, tellFolder)
  const above = (path: string) => {
    for (let at = path.lastIndexOf('/'); at >= 0; at = path.lastIndexOf('/', at - 1)) {
      if (starts.has(path.slice(0, at))) return true
      if (at === 0) return false
    }
    return false
  }
  for (const path of [...starts.keys()].sort()) if (!above(path)) yield* walk.start(path)
}

class Walk {
  readonly #starts: ReadonlyMap<string, Sets>
  readonly #tell: TellFault
  readonly #tellFolder: (path: string) => void
  #count = 0

  constructor(starts: ReadonlyMap<string, Sets>, tell: TellFault, tellFolder: (path: string) => void) {
    this.#starts = starts
    this.#tell = tell
    this.#tellFolder = tellFolder
  }

  /** Yields the files of one of the starts, a folder or a file. */
  *start(path: string): Generator<FoundFile | undefined> {
    const bytes = bytesOfPath(path)
    const name = partsOf(bytes).at(-1)
    if (!name) return yield* this.#folder(HeldFolder.open('/'), path, bytes, this.#starts.get(path) ?? [], 0)
    let parent: HeldFolder | undefined
    try {
      parent = HeldFolder.walk(bytes.subarray(0, bytes.length - name.length - 1))
      const stats = lstatSync(parent.at(name), { bigint: true })
      const sets = this.#starts.get(path) ?? []
      if (stats.isFile()) yield { path: bytes, text: path, stats, sets }
      else if (stats.isDirectory()) yield* this.#folder(parent.child(name), path, bytes, sets, 0)
      else
        this.#tell(path, stats.isSymbolicLink() ? 'it is a link, which is not followed' : 'it is no folder')
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === undefined) throw error
      this.#tell(
        path,
        code === 'ENOTDIR' ? 'a folder above it is a link, which is not followed' : reasonOf(error),
      )
    } finally {
      parent?.close()
    }
  }

  /** Yields the files in a folder and below, and closes the folder. */
  *#folder(
    folder: HeldFolder,
    path: string,
    bytes: Buffer,
    sets: Sets,
    depth: number,
  ): Generator<FoundFile | undefined> {
    try {
      this.#tellFolder(path === '' ? '/' : path)
      const prefix = Buffer.concat([bytes, Buffer.from('/')])
      for (const entry of this.#entries(folder, path)) {
        if (++this.#count % SLICE === 0) yield undefined
        if (!entry.isFile() && !entry.isDirectory()) continue
        const text = `${path}/${textOfPath(entry.name)}`
        const own = this.#starts.get(text)
        const inner = own ? [...sets, ...own.filter((one) => !sets.includes(one))] : sets
        const full = Buffer.concat([prefix, entry.name])
        if (entry.isDirectory()) yield* this.#child(folder, entry.name, text, full, inner, depth + 1)
        else {
          const stats = this.#stats(folder, entry.name)
          if (stats) yield { path: full, text, stats, sets: inner }
        }
      }
    } finally {
      folder.close()
    }
  }

  *#child(
    folder: HeldFolder,
    name: Buffer,
    path: string,
    bytes: Buffer,
    sets: Sets,
    depth: number,
  ): Generator<FoundFile | undefined> {
    if (OWN.has(name.toString())) return
    if (depth > DEEPEST) return this.#tell(path, `it lies more than ${DEEPEST} folders deep`)
    let child: HeldFolder
    try {
      child = folder.child(name)
    } catch (error) {
      if (!isGone(error)) this.#tell(path, reasonOf(error))
      return
    }
    yield* this.#folder(child, path, bytes, sets, depth)
  }

  #entries(folder: HeldFolder, path: string): readonly Dirent<Buffer>[] {
    try {
      return readdirSync(folder.path, { encoding: 'buffer', withFileTypes: true })
    } catch (error) {
      this.#tell(path, reasonOf(error))
      return []
    }
  }

  /** Returns what a plain file is; undefined when it has gone or is none any more. */
  #stats(folder: HeldFolder, name: Buffer): BigIntStats | undefined {
    const stats = lstatSync(folder.at(name), { bigint: true, throwIfNoEntry: false })
    return stats?.isFile() ? stats : undefined
  }
}

function isGone(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')
}

/** Returns the system's reason without the path of the descriptor in it. */
function reasonOf(error: unknown): string {
  return messageOf(error).replace(/, \w+ '[^']*'$/s, '')
}
