import { type FSWatcher, watch } from 'node:fs'

/** Most folders that are watched; the others are found by the sweep alone. */
const MOST = 4096
/** Time in which changes belong together, ms. */
const TOGETHER_MS = 1000

/** Watches folders, and calls when a file in one of them comes, goes or is renamed, at most once a second. */
export class FolderWatch {
  readonly #changed: () => void
  readonly #watchers = new Map<string, FSWatcher>()
  #seen = new Set<string>()
  #timer: NodeJS.Timeout | undefined

  constructor(changed: () => void) {
    this.#changed = changed
  }

  /** Takes a folder of the present sweep. */
  see(path: string): void {
    this.#seen.add(path)
    if (this.#watchers.has(path) || this.#watchers.size >= MOST) return
    try {
      // What is only written to is young, and the sweep finds it when it is not any more.
      const watcher = watch(path, { persistent: false }, (kind) => kind === 'rename' && this.#touch())
      watcher.on('error', () => this.#drop(path))
      this.#watchers.set(path, watcher)
    } catch {
      // The system has no more watches, or the folder has gone: the sweep finds what is there.
    }
  }

  /** Ends a sweep: folders that it has not seen are not watched any more. */
  end(): void {
    for (const path of this.#watchers.keys()) if (!this.#seen.has(path)) this.#drop(path)
    this.#seen = new Set()
  }

  close(): void {
    clearTimeout(this.#timer)
    for (const path of [...this.#watchers.keys()]) this.#drop(path)
  }

  #touch(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#changed()
    }, TOGETHER_MS).unref()
  }

  #drop(path: string): void {
    this.#watchers.get(path)?.close()
    this.#watchers.delete(path)
  }
}
