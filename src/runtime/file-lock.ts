import { writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

/** SQLITE_BUSY: another process has the lock, or the file system supports none. */
const BUSY = 5

/**
 * A lock that the kernel frees with its process, however that ends: the POSIX lock that SQLite takes on its
 * files. It holds across containers and namespaces of processes and networks of one kernel, and across
 * machines wherever their file system passes such locks on (NFS does). It has no effect across machines where
 * the file system keeps locks to each machine.
 */
export class FileLock {
  /** The lock is held as long as this is open: nothing else in this process may open and close the file. */
  readonly #holder: DatabaseSync

  private constructor(holder: DatabaseSync) {
    this.#holder = holder
  }

  /**
   * Creates an empty file and locks it; throws when there is a file of this name. Returns undefined when
   * another process locked the file first.
   */
  static create(path: string): FileLock | undefined {
    writeFileSync(path, '', { flag: 'wx', mode: 0o600 })
    return FileLock.take(path)
  }

  /** Locks an existing file without waiting; returns undefined while another process has the lock. */
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
