import { writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

/** SQLITE_BUSY: somebody else has the lock, or the file system gives none. */
const BUSY = 5

/**
 * A lock that the kernel keeps with the process and frees with it, however it ends: the lock of POSIX that SQLite
 * takes on its files. It tells alike across containers and namespaces of processes and networks of one kernel, and
 * across machines wherever their file system passes such locks on (NFS does). It says nothing where a file system
 * keeps locks to itself on each machine.
 */
export class FileLock {
  /** As long as this is held, so is the lock: nothing else must open and close the file in this process. */
  readonly #holder: DatabaseSync

  private constructor(holder: DatabaseSync) {
    this.#holder = holder
  }

  /** Locks a new, empty file; throws when there is one of this name. Undefined when another was faster. */
  static create(path: string): FileLock | undefined {
    writeFileSync(path, '', { flag: 'wx', mode: 0o600 })
    return FileLock.take(path)
  }

  /** Locks a file that is there, without waiting; undefined while another has it. */
  static take(path: string): FileLock | undefined {
    const holder = new DatabaseSync(path)
    try {
      holder.exec('pragma journal_mode = memory; begin exclusive')
      return new FileLock(holder)
    } catch (error) {
      holder.close()
      if ((error as { readonly errcode?: number }).errcode === BUSY) return undefined
      throw error
    }
  }

  release(): void {
    this.#holder.close()
  }
}
