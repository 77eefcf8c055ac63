import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { StackTachError } from '../domain/errors.ts'
import { hash64 } from '../domain/hash.ts'
import { FileLock } from './file-lock.ts'

/** Whose files these are: `NAME.TOKEN@HOST.RANDOM.part` belong to who holds the lock of `.TOKEN@HOST.lock`. */
export type OwnerId = { readonly token: string; readonly host: string }

const PART = /^(.+)\.([0-9a-f]{24})@(.+)\.[0-9a-f]{8}\.part$/
const LOCK = /^\.([0-9a-f]{24})@(.+)\.lock$/
const TRIES = 5

/** Begins the tokens of all processes that run on one kernel, in whatever containers. */
const MACHINE = hash64(bootId()).slice(0, 8)

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')
  } catch {
    return hostname()
  }
}

/** The owner of a file that is being written, and the name the file will have; undefined for other files. */
export function readPartName(entry: string): (OwnerId & { readonly name: string }) | undefined {
  const [, name, token, host] = PART.exec(entry) ?? []
  return name !== undefined && token !== undefined && host !== undefined ? { name, token, host } : undefined
}

/** The owner that a lock file stands for; undefined for other files. */
export function readLockName(entry: string): OwnerId | undefined {
  const [, token, host] = LOCK.exec(entry) ?? []
  return token !== undefined && host !== undefined ? { token, host } : undefined
}

export function lockPath(folder: string, { token, host }: OwnerId): string {
  return join(folder, `.${token}@${host}.lock`)
}

/** Of this machine, or of one of its name: those of others on one volume are left to them. */
export function isNear({ token, host }: OwnerId): boolean {
  return token.startsWith(MACHINE) || host === hostname()
}

/** Who writes files in a folder, as long as the process lives or until it leaves. */
export class Owner {
  readonly id: OwnerId
  readonly #path: string
  #lock: FileLock

  private constructor(id: OwnerId, path: string, lock: FileLock) {
    this.id = id
    this.#path = path
    this.#lock = lock
  }

  /** Becomes an owner in a folder. Throws StackTachError where files cannot be locked. */
  static enter(folder: string): Owner {
    for (let tries = 0; tries < TRIES; tries++) {
      const id = { token: `${MACHINE}${randomBytes(8).toString('hex')}`, host: hostname() }
      const path = lockPath(folder, id)
      const lock = FileLock.create(path)
      // Somebody who clears away the locks of the dead may have taken it for one, before it was locked.
      if (lock && existsSync(path)) return new Owner(id, path, lock)
      lock?.release()
      rmSync(path, { force: true })
    }
    throw new StackTachError('config', `the file system of ${folder} gives no locks; use one that does`)
  }

  /** A name for a file of this owner that nothing has. */
  partName(name: string): string {
    const { token, host } = this.id
    return `${name}.${token}@${host}.${randomBytes(4).toString('hex')}.part`
  }

  /** Puts the lock file back when somebody has deleted it; nothing is owned without it. */
  stay(): void {
    if (existsSync(this.#path)) return
    const lock = FileLock.create(this.#path)
    if (lock) this.#lock = lock
  }

  /** With files left behind the lock file stays, free, for whoever completes them. */
  leave(hasLeft: boolean): void {
    if (!hasLeft) rmSync(this.#path, { force: true })
    this.#lock.release()
  }
}
