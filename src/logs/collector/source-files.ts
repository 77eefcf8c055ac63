import { type BigIntStats, lstatSync, statSync } from 'node:fs'
import { messageOf } from '../../domain/errors.ts'
import type { IsWanted } from './patterns.ts'
import { idOf, isRotated, OLD, type RememberedFile, SourceFile } from './source-file.ts'

/** Time for which a file without a name is still looked at, after its last growth: a slow writer may have it open. */
const LINGER_MS = 30_000
/** Time without growth after which a file that is answered is closed. */
const IDLE_MS = 300_000

export type SourceParts = {
  readonly folder: Buffer
  readonly isWanted: IsWanted
  /** paths that are never read */
  readonly own: ReadonlySet<string>
  /** Returns what is known of a file from before it was read, or read again. */
  readonly remembered: (dev: bigint, ino: bigint) => RememberedFile | undefined
  /** Called with a file that has more to be sent. */
  readonly onGrowth: (file: SourceFile) => void
  /** Called with a path that cannot be looked at or read, and why. */
  readonly onFault: (path: Buffer, reason: string) => void
  /** Called with a file that is not read any more, and may come back. */
  readonly onLeft: (file: SourceFile) => void
  /** Called when a file begins a new life: it was cut, or is another one of the same inode. */
  readonly onNewLife: (file: SourceFile) => void
  /** steady clock, ms */
  readonly now: () => number
}

/** The files of a folder by what they are, whatever their names: followed when they are renamed, cut, replaced or moved in. */
export class SourceFiles {
  readonly #parts: SourceParts
  #isWanted: IsWanted
  readonly #byName = new Map<string, SourceFile>()
  readonly #byId = new Map<string, SourceFile>()
  /** files that have lost a name under which more of them may have to be sent */
  readonly #leaving = new Set<SourceFile>()
  #lastNamedAt = 0

  constructor(parts: SourceParts) {
    this.#parts = parts
    this.#isWanted = parts.isWanted
  }

  get all(): Iterable<SourceFile> {
    return this.#byId.values()
  }

  get count(): number {
    return this.#byId.size
  }

  /** Changes which names are read. Holds for a name once it is looked at again. */
  want(isWanted: IsWanted): void {
    this.#isWanted = isWanted
  }

  /** Whether a file of this name is read. */
  isRead(name: Buffer): boolean {
    return this.#isWanted(name) && !this.#parts.own.has(keyOf(this.pathOf(name)))
  }

  at(name: Buffer): SourceFile | undefined {
    return this.#byName.get(keyOf(name))
  }

  byId(stats: { readonly dev: bigint; readonly ino: bigint }): SourceFile | undefined {
    return this.#byId.get(idOf(stats))
  }

  /**
   * Returns a file of which more is to be read, and that goes before another: it was rotated, renamed or deleted, and is sent under
   * the same name. Undefined where there is none: one that cannot be read holds up no other.
   */
  before(file: SourceFile): SourceFile | undefined {
    const { name } = file.nameAt(file.read)
    const rotated = this.at(Buffer.concat([name, OLD]))
    for (const one of rotated ? [rotated, ...this.#leaving] : this.#leaving) {
      if (one === file) continue
      // A write to it may have been before those to the other, and not be seen yet.
      if (!one.isUnreadable && (one.isOpen || !one.isGone)) this.lookAgain(one)
      // What is not answered is read again when the connection is lost.
      if (one.isAnswered) this.#leaving.delete(one)
      else if (one.read < one.end && !one.isUnreadable && goesBefore(one, file)) return one
    }
    return undefined
  }

  pathOf(name: Buffer): Buffer {
    return Buffer.concat([this.#parts.folder, SLASH, name])
  }

  /** Looks at what a name leads to now. */
  lookAt(name: Buffer): void {
    try {
      this.#lookAt(name)
    } catch (error) {
      this.#parts.onFault(this.pathOf(name), messageOf(error))
    }
  }

  /** Looks at a file that is open by what it is, not by its name: a write of it was seen. */
  lookAgain(file: SourceFile): void {
    if (file.isOpen) this.#note(file)
    else this.lookAt(file.name)
  }

  /** Looks at a file that was cut and has grown beyond where it ended between two looks: it begins a new life. */
  begunAnew(file: SourceFile): void {
    this.lookAgain(file)
    this.#reading(file, () => {
      if (!file.isOther()) return
      file.beginAgain()
      this.#noteNewLife(file)
      this.#note(file)
    })
  }

  /** Takes the fingerprint of a file, where it would say more than the one there is. */
  takeFingerprint(file: SourceFile): void {
    this.#reading(file, () => file.takeFingerprint())
  }

  /** Notes that a file cannot be read. That is tried again when it is looked at again. */
  failed(file: SourceFile, error: unknown): void {
    file.isUnreadable = true
    // Without a name it could not be opened again.
    if (!file.isGone) file.close()
    this.#parts.onFault(this.pathOf(file.name), messageOf(error))
  }

  /** Drops the names that are not among those of the folder, and closes files that rest. */
  settle(names: ReadonlySet<string>): void {
    for (const [key, file] of this.#byName)
      if (!names.has(key)) this.#loseName(file, Buffer.from(key, 'latin1'))
    const now = this.#parts.now()
    for (const file of this.#byId.values()) {
      if (file.isGone || file.limit < file.size) this.#reading(file, () => this.#leave(file, now))
      else if (file.isOpen && file.isAnswered && now - file.grewAt > IDLE_MS) file.close()
    }
  }

  close(): void {
    for (const file of this.#byId.values()) file.close()
  }

  #lookAt(name: Buffer): void {
    const stats = this.#statsAt(name)
    const before = this.at(name)
    if (before && (!stats || before.id !== idOf(stats))) this.#loseName(before, name)
    if (!stats) return
    const known = this.#byId.get(idOf(stats))
    if (known) this.#meet(known, name, stats, this.isRead(name))
    else this.#find(name, stats, this.isRead(name))
  }

  #find(name: Buffer, stats: BigIntStats, isWanted: boolean): void {
    const { remembered, now } = this.#parts
    const earlier = remembered(stats.dev, stats.ino)
    // A file that was renamed to a name that is left out while nobody looked is still sent to its end.
    const isOwed = earlier && earlier.leftAt === undefined && earlier.answered < Number(stats.size)
    if (!isWanted && !isOwed) return
    const file = new SourceFile(stats, name, this.#nextNamedAt())
    if (earlier) file.resume(earlier.stream === '' ? { ...earlier, stream: file.stream } : earlier)
    // Also where the clock was set back.
    this.#lastNamedAt = Math.max(this.#lastNamedAt, file.namedAt)
    if (earlier && earlier.earlier.length > 0) this.#leaving.add(file)
    if (!isWanted) file.limit = Number(stats.size)
    file.isLink = isLink(this.pathOf(name))
    file.folderId = this.#folderIdOf(name)
    file.grewAt = now()
    this.#byId.set(file.id, file)
    this.#byName.set(keyOf(name), file)
    file.size = file.answered
    this.#note(file, stats)
  }

  #meet(file: SourceFile, name: Buffer, stats: BigIntStats, isWanted: boolean): void {
    if (file.name.equals(name)) {
      if (file.isGone) file.namedAt = this.#nextNamedAt()
      file.isGone = false
      this.#byName.set(keyOf(name), file)
    } else if (!this.#leadsTo(file)) {
      if (isWanted) {
        this.#byName.delete(keyOf(file.name))
        file.rename(name, this.#nextNamedAt())
        file.folderId = this.#folderIdOf(name)
        this.#leaving.add(file)
        this.#byName.set(keyOf(name), file)
        file.limit = Number.POSITIVE_INFINITY
      } else file.limit = Math.min(file.limit, Number(stats.size))
    }
    this.#note(file, stats)
  }

  /** Returns the time, later than for any other name. */
  #nextNamedAt(): number {
    this.#lastNamedAt = Math.max(Date.now(), this.#lastNamedAt + 0.001)
    return this.#lastNamedAt
  }

  /** Whether the name of a file still leads to it: then another one is a second name of the same file. */
  #leadsTo(file: SourceFile): boolean {
    const stats = file.isGone ? undefined : this.#statsAt(file.name)
    return stats !== undefined && idOf(stats) === file.id
  }

  /** Notes how a file has changed; `stats` is what it is now, where that is known. */
  #note(file: SourceFile, stats?: BigIntStats): void {
    this.#reading(file, () => {
      const found = stats ?? file.stats()
      if (found) this.#follow(file, found)
    })
  }

  #reading(file: SourceFile, read: () => void): void {
    try {
      read()
    } catch (error) {
      this.failed(file, error)
    }
  }

  #follow(file: SourceFile, stats: BigIntStats): void {
    const size = Number(stats.size)
    const isTouched = file.mtimeNs !== stats.mtimeNs
    file.mtimeNs = stats.mtimeNs
    // Cut and grown beyond its size between two looks, it begins with other bytes; overwritten in its place it keeps its size.
    if (isTouched && size === file.size && file.isOther()) file.renewFingerprint()
    if (size < file.size || size < file.answered || (isTouched && size > file.size && file.isOther())) {
      file.beginAgain()
      this.#noteNewLife(file)
    }
    file.grow(size, this.#parts.now())
    // A closed file that was touched may be another one of the same inode: it shows when it is opened.
    if (!file.isOpen && (isTouched || file.read < file.end)) this.#open(file)
    file.takeFingerprint()
    file.takeBirth(stats)
    // A closed file is opened when it is looked at again.
    if (file.isOpen && file.read < file.end) this.#parts.onGrowth(file)
  }

  #open(file: SourceFile): void {
    if (file.answered >= file.end && file.answered === 0) return
    const { stream } = file
    file.open(this.pathOf(file.name))
    if (file.stream === stream) return
    const size = file.stats()?.size
    if (size !== undefined) file.grow(Number(size), this.#parts.now())
    this.#noteNewLife(file)
  }

  #noteNewLife(file: SourceFile): void {
    // What is remembered may be of another file of the same inode.
    file.namedAt = this.#nextNamedAt()
    this.#parts.onNewLife(file)
  }

  #loseName(file: SourceFile, name: Buffer): void {
    this.#byName.delete(keyOf(name))
    if (!file.name.equals(name)) return
    file.isGone = true
    this.#leaving.add(file)
  }

  /** Closes a file without a name when it is sent, answered, and nobody has written to it for a while. */
  #leave(file: SourceFile, now: number): void {
    if (file.isOpen) this.lookAgain(file)
    const rests = now - file.grewAt > LINGER_MS || file.limit <= file.size
    if (file.isOpen ? !(file.isAnswered && rests) : file.isUnreadable && !file.isGone) return
    if (!file.isReplaced && !this.#isDeleted(file)) this.#parts.onLeft(file)
    file.close()
    this.#leaving.delete(file)
    this.#byId.delete(file.id)
    if (this.at(file.name) === file) this.#byName.delete(keyOf(file.name))
  }

  /** Whether a file that has lost its name is nowhere: not moved away, nor on a file system that is not mounted. */
  #isDeleted(file: SourceFile): boolean {
    if (!file.isGone) return false
    const stats = file.stats()
    return stats ? stats.nlink === 0n : this.#folderIdOf(file.name) === file.folderId
  }

  /** Returns what tells the folder of a name from the one over which it is mounted; undefined where there is none. */
  #folderIdOf(name: Buffer): string | undefined {
    const path = this.pathOf(name)
    const stats = statSync(path.subarray(0, path.lastIndexOf(SLASH)), { bigint: true, throwIfNoEntry: false })
    return stats && idOf(stats)
  }

  #statsAt(name: Buffer): BigIntStats | undefined {
    const stats = statSync(this.pathOf(name), { bigint: true, throwIfNoEntry: false })
    return stats?.isFile() ? stats : undefined
  }
}

const SLASH = Buffer.from('/')

/** Returns the bytes of a name as a key of a map. */
export function keyOf(name: Buffer): string {
  return name.toString('latin1')
}

/** Whether what is to be read of a file was written before that of another, under the same name. */
function goesBefore(one: SourceFile, other: SourceFile): boolean {
  const [first, second] = [one.nameAt(one.read), other.nameAt(other.read)]
  if (!first.name.equals(second.name)) return false
  // A rotated file may be found after the one in its place.
  if (isRotated(one.name) && other.name.equals(second.name)) return true
  if (isRotated(other.name) && one.name.equals(first.name)) return false
  return first.namedAt < second.namedAt
}

function isLink(path: Buffer): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false
}
