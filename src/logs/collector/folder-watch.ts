import { type Dirent, type FSWatcher, readdirSync, statSync, watch } from 'node:fs'
import { messageOf } from '../../domain/errors.ts'
import { keyOf } from './source-files.ts'

/** Deepest folder that is entered. */
const DEEPEST = 32

export type WatchParts = {
  readonly folder: Buffer
  /** whether folders in the folder are entered; links are not */
  readonly isRecursive: boolean
  /** Called with a name below the folder at which something has happened; `isWrite` where it was written to. */
  readonly onEvent: (name: Buffer, isWrite: boolean) => void
  readonly onFault: (path: Buffer, reason: string) => void
}

/** Watches a folder, and those in it, by the notices of the kernel; lists their files for the sweeps that make up for lost ones. */
export class FolderWatch {
  readonly #parts: WatchParts
  readonly #watchers = new Map<string, { readonly watcher: FSWatcher; readonly ino: bigint }>()
  #isClosed = false

  constructor(parts: WatchParts) {
    this.#parts = parts
  }

  /** Returns the names of everything that is no folder, below the source folder, and watches folders that are new. */
  list(): Buffer[] {
    const names: Buffer[] = []
    const folders = new Set<string>()
    this.#walk(Buffer.alloc(0), 0, names, folders)
    for (const key of this.#watchers.keys()) if (!folders.has(key)) this.#unwatch(key)
    return names
  }

  close(): void {
    this.#isClosed = true
    for (const key of this.#watchers.keys()) this.#unwatch(key)
  }

  #walk(prefix: Buffer, depth: number, names: Buffer[], folders: Set<string>): void {
    const path = Buffer.concat([this.#parts.folder, SLASH, prefix])
    folders.add(keyOf(prefix))
    // Watched before it is read: what comes in between is seen by one of both.
    this.#watch(prefix, path)
    for (const entry of this.#entries(path)) {
      const name = Buffer.concat([prefix, entry.name])
      if (!entry.isDirectory()) names.push(name)
      else if (this.#parts.isRecursive && depth < DEEPEST)
        this.#walk(Buffer.concat([name, SLASH]), depth + 1, names, folders)
    }
  }

  #watch(prefix: Buffer, path: Buffer): void {
    const key = keyOf(prefix)
    if (this.#isClosed) return
    try {
      const { ino } = statSync(path, { bigint: true })
      if (this.#watchers.get(key)?.ino === ino) return
      this.#unwatch(key)
      const watcher = watch(path, { encoding: 'buffer' }, (event, name) => {
        if (name) this.#parts.onEvent(Buffer.concat([prefix, name]), event === 'change')
      })
      watcher.on('error', (error) => {
        this.#parts.onFault(path, messageOf(error))
        this.#unwatch(key)
      })
      this.#watchers.set(key, { watcher, ino })
    } catch (error) {
      this.#parts.onFault(path, `its changes are seen by sweeps only: ${messageOf(error)}`)
    }
  }

  #unwatch(key: string): void {
    this.#watchers.get(key)?.watcher.close()
    this.#watchers.delete(key)
  }

  #entries(path: Buffer): readonly Dirent<Buffer>[] {
    try {
      return readdirSync(path, { encoding: 'buffer', withFileTypes: true })
    } catch (error) {
      this.#parts.onFault(path, messageOf(error))
      return []
    }
  }
}

const SLASH = Buffer.from('/')
