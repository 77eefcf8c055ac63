import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { hostname } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { StackTachError } from '../../domain/errors.ts'
import { hash64 } from '../../domain/hash.ts'
import { FileLock } from '../../runtime/file-lock.ts'

/**
 * The owner of files `NAME.TOKEN@HOST.RANDOM.part`: the process that holds the lock of `.TOKEN@HOST.lock`.
 */
export type OwnerId = { readonly token: string; readonly host: string }

const PART = /^(.+)\.([0-9a-f]{24})@(.+)\.([0-9a-f]{8})\.part$/
const MADE = /^\.([0-9a-f]{24})@(.+)\.[0-9a-f]{8}\.(?:packing|indexing|copying)$/
const LOCK = /^\.([0-9a-f]{24})@(.+)\.lock$/
const TRIES = 5

/** The beginning of the tokens of all processes on one kernel, in whatever containers they run. */
const MACHINE = hash64(bootId()).slice(0, 8)

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')
  } catch {
    return hostname()
  }
}

/** Returns the owner and the final name of a file that is being written; undefined for other files. */
export function readPartName(entry: string): (OwnerId & { readonly name: string }) | undefined {
  const [, name, token, host] = PART.exec(entry) ?? []
  return name !== undefined && token !== undefined && host !== undefined ? { name, token, host } : undefined
}

/**
 * Returns the path of what is made of a file of the working folder, until it is placed. It is shorter than that of the
 * file, whose name may be as long as the disk allows.
 */
export function madePath(part: string, kind: 'packing' | 'indexing'): string {
  const [, , token, host, random] = PART.exec(basename(part)) ?? []
  return join(dirname(part), `.${token}@${host}.${random}.${kind}`)
}

/**
 * Returns the path of a copy of a file, or of what was made of it, in another folder, until the copy is whole. It is hidden,
 * as those who read the folder take all other files for whole ones, and names the owner, where there is one.
 */
export function copyPath(of: string, folder: string): string {
  const name = basename(of)
  const [, , token, host, random] = PART.exec(name) ?? []
  if (MADE.test(name)) return join(folder, name.replace(/\.[a-z]+$/, '.copying'))
  const own = token ? `${token}@${host}.${random}` : `${name}.${randomBytes(4).toString('hex')}`
  return join(folder, `.${own}.copying`)
}

/** Returns the owner of what is made of a file; undefined for other files. */
export function readMadeName(entry: string): OwnerId | undefined {
  const [, token, host] = MADE.exec(entry) ?? []
  return token !== undefined && host !== undefined ? { token, host } : undefined
}

/** Returns the owner of a lock file; undefined for other files. */
export function readLockName(entry: string): OwnerId | undefined {
  const [, token, host] = LOCK.exec(entry) ?? []
  return token !== undefined && host !== undefined ? { token, host } : undefined
}

export function lockPath(folder: string, { token, host }: OwnerId): string {
  return join(folder, `.${token}@${host}.lock`)
}

/**
 * Whether an owner runs on this machine, or on one of the same name. Files of other machines on a shared
 * volume are left to them.
 */
export function isNear({ token, host }: OwnerId): boolean {
  return token.startsWith(MACHINE) || host === hostname()
}

/** A process that writes files in a folder, until it ends or leaves the folder. */
export class Owner {
  readonly id: OwnerId
  readonly #path: string
  #lock: FileLock

  private constructor(id: OwnerId, path: string, lock: FileLock) {
    this.id = id
    this.#path = path
    this.#lock = lock
  }

  /** Creates a new owner in a folder. Throws StackTachError where files cannot be locked. */
  static enter(folder: string): Owner {
    for (let tries = 0; tries < TRIES; tries++) {
      const id = { token: `${MACHINE}${randomBytes(8).toString('hex')}`, host: hostname() }
      const path = lockPath(folder, id)
      const lock = FileLock.create(path)
      // Whoever removes lock files of owners that are gone may have removed this one before it was locked.
      if (lock && existsSync(path)) return new Owner(id, path, lock)
      lock?.release()
      rmSync(path, { force: true })
    }
    throw new StackTachError(
      'config',
      `the file system of ${folder} supports no file locks; use one that does`,
    )
  }

  /** Returns an unused name for a file of this owner. */
  partName(name: string): string {
    const { token, host } = this.id
    return `${name}.${token}@${host}.${randomBytes(4).toString('hex')}.part`
  }

  /** Restores the lock file when somebody has deleted it: without it the owner has no files. */
  stay(): void {
    if (existsSync(this.#path)) return
    const lock = FileLock.create(this.#path)
    if (lock) this.#lock = lock
  }

  /**
   * Releases the lock. When files are left behind the lock file stays, for the process that completes them.
   */
  leave(hasLeft: boolean): void {
    if (!hasLeft) rmSync(this.#path, { force: true })
    this.#lock.release()
  }
}
