import { closeSync, constants, fstatSync, fsync, openSync } from 'node:fs'
import { promisify } from 'node:util'

const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW
const sync = promisify(fsync)

/**
 * A folder that is held open. What is done at a path of `at` is done in this very folder, whatever has become of its
 * name or of those above it: no symbolic link on the way can lead elsewhere. For Linux, with /proc.
 *
 * @example
 * const folder = HeldFolder.walk(Buffer.from('/var/log'))
 * try {
 *   lstatSync(folder.at(Buffer.from('syslog')))
 * } finally {
 *   folder.close()
 * }
 */
export class HeldFolder {
  readonly #fd: number
  readonly #prefix: Buffer

  private constructor(fd: number) {
    this.#fd = fd
    this.#prefix = Buffer.from(`/proc/self/fd/${fd}/`)
  }

  /** Opens a folder, through symbolic links where there are some. Throws the system's error. */
  static open(path: string): HeldFolder {
    return new HeldFolder(openSync(path, constants.O_RDONLY | constants.O_DIRECTORY))
  }

  /** Opens a folder by its absolute path and follows no link. Throws the system's error, ENOTDIR for a link. */
  static walk(path: Buffer): HeldFolder {
    let folder = HeldFolder.open('/')
    for (const name of partsOf(path)) {
      const inner = folder.#openOrClose(name)
      folder.close()
      folder = inner
    }
    return folder
  }

  /** Opens a folder in this one; no link. Throws the system's error. */
  child(name: Buffer): HeldFolder {
    return new HeldFolder(openSync(this.at(name), FOLDER))
  }

  /** Returns the path of an entry, for functions of the file system, as long as the folder is open. */
  at(name: Buffer): Buffer {
    return Buffer.concat([this.#prefix, name])
  }

  /** The path of the folder itself, to read its entries. */
  get path(): Buffer {
    return this.#prefix
  }

  /** Returns whether the folder belongs to this process' user, and to no other. */
  get isPrivate(): boolean {
    const { uid, mode } = fstatSync(this.#fd)
    return uid === process.geteuid?.() && (mode & 0o077) === 0
  }

  /** Resolves when the entries of the folder are on disk. */
  sync(): Promise<void> {
    return sync(this.#fd)
  }

  close(): void {
    closeSync(this.#fd)
  }

  #openOrClose(name: Buffer): HeldFolder {
    try {
      return this.child(name)
    } catch (error) {
      this.close()
      throw error
    }
  }
}

const SLASH = 0x2f

/** Returns the names in a path, without empty ones and `.`. */
export function partsOf(path: Buffer): Buffer[] {
  const parts: Buffer[] = []
  for (let from = 0; from <= path.length; ) {
    const slash = path.indexOf(SLASH, from)
    const end = slash < 0 ? path.length : slash
    const part = path.subarray(from, end)
    if (part.length > 0 && !(part.length === 1 && part[0] === 0x2e)) parts.push(part)
    from = end + 1
  }
  return parts
}
