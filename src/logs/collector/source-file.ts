import { randomBytes } from 'node:crypto'
import { type BigIntStats, closeSync, constants, fstatSync, openSync, read, readSync } from 'node:fs'
import { promisify } from 'node:util'
import { canGrow, type Fingerprint, fingerprintOf, hasFingerprint } from './fingerprint.ts'

const readAt = promisify(read)
// A pipe without a writer must not hold up the process.
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY
/** End of the name of a rotated file. */
export const OLD = Buffer.from('.old')
const SLASH = 0x2f
const NEWLINE = 0x0a
const NO_FINGERPRINT: Fingerprint = { length: 0, sha256: '' }
/** Shortest time between two marks of growth, ms, and most of them. */
const MARK_EVERY_MS = 500
const MOST_MARKS = 128

/** What is kept of a file over a restart. */
export type RememberedFile = {
  readonly dev: bigint
  readonly ino: bigint
  /** name of this life of the file, for the processor */
  readonly stream: string
  /** place up to which a processor has answered */
  readonly answered: number
  readonly fingerprint: Fingerprint
  /** when the file was made, in ns; 0 where the file system does not say it */
  readonly bornNs: bigint
  /** names that it had, for what was written under them */
  readonly earlier: readonly EarlierName[]
  /** when it got its name; undefined where that is not known */
  readonly namedAt?: number | undefined
  /** since when it is not among the files that are read, ms since the epoch; undefined for one that was when that was saved */
  readonly leftAt?: number | undefined
}

/** A name of a file, the place up to which the file was written under it, and when the file got it. */
export type EarlierName = { readonly until: number; readonly name: Buffer; readonly namedAt: number }

/** The name under which a byte of a file is sent. */
export type SentName = {
  readonly name: Buffer
  /** when the file got it: an earlier time than that of any file that got it later */
  readonly namedAt: number
  /** the place at which the file has got another name; the line that is not over there still goes under this one */
  readonly renamedAt: number | undefined
}

/** Returns the key of a file as long as it lives: device and inode. */
export function idOf({ dev, ino }: { readonly dev: bigint; readonly ino: bigint }): string {
  return `${dev}:${ino}`
}

/** Returns the name under which a file is sent: that in the folder, without one `.old` at its end. */
export function sentName(name: Buffer): Buffer {
  const stem = name.subarray(0, name.length - OLD.length)
  const hasStem = stem.length > 0 && stem.at(-1) !== SLASH
  return hasStem && name.subarray(-OLD.length).equals(OLD) ? stem : name
}

/** Returns whether a name is that of a rotated file. */
export function isRotated(name: Buffer): boolean {
  return sentName(name) !== name
}

/** A file that is read. Its places are bytes from its begin. Cut or replaced, it begins a new life. */
export class SourceFile {
  readonly dev: bigint
  readonly ino: bigint
  /** present name below the source folder */
  name: Buffer
  /** when it got the name under which it is sent, ms since the epoch; each file at another time */
  namedAt: number
  stream = newStream()
  /** the name that is saved: only what is sent under a name that survives a crash can be told when it comes again */
  savedStream = ''
  size = 0
  /** place up to which it is read and sent on this connection */
  read = 0
  answered = 0
  /** place after which nothing is read any more: the name of the file has left the patterns */
  limit = Number.POSITIVE_INFINITY
  /** whether no name leads to it any more */
  isGone = false
  /** device and inode of the folder in which its name stands */
  folderId: string | undefined
  /** whether a symbolic link leads to it */
  isLink = false
  /** whether a rotation has put another file in its place: what comes of it now is not remembered */
  isReplaced = false
  /** whether the last try to read it has failed */
  isUnreadable = false
  isQueued = false
  /** whether what follows the last line feed goes at once */
  isTailDue = false
  /** whether what was sent last ends within a line */
  isMidLine = false
  /** since when the begin of a line has waited for its rest, on the steady clock, ms */
  tailSince: number | undefined
  /** time before which it is not sent, on the steady clock, ms: it was refused, or holds less than its size says */
  restsUntil = 0
  refusal: string | undefined
  /** whether the limit of its size has been reached: it is to be rotated */
  wantsRotation = false
  grewAt = 0
  /** bytes that the last message took, which the next one is expected to take */
  span = 0
  fingerprint = NO_FINGERPRINT
  bornNs = 0n
  mtimeNs = 0n
  #fd: number | undefined
  #earlier: EarlierName[] = []
  #marks: { readonly size: number; readonly at: number }[] = []

  constructor(stats: BigIntStats, name: Buffer, namedAt: number) {
    this.dev = stats.dev
    this.ino = stats.ino
    this.name = name
    this.namedAt = namedAt
  }

  get id(): string {
    return idOf(this)
  }

  get isOpen(): boolean {
    return this.#fd !== undefined
  }

  /** Place up to which the file is to be read. */
  get end(): number {
    return Math.min(this.size, this.limit)
  }

  get isAnswered(): boolean {
    return this.answered >= this.end
  }

  /** Goes on where an earlier process has stopped. */
  resume({ stream, answered, fingerprint, bornNs, earlier, namedAt }: RememberedFile): void {
    this.#earlier = [...earlier]
    this.namedAt = namedAt ?? this.namedAt
    this.stream = stream
    this.savedStream = stream
    this.answered = answered
    this.read = answered
    this.fingerprint = fingerprint
    this.bornNs = bornNs
  }

  remember(): RememberedFile {
    const { dev, ino, stream, answered, fingerprint, bornNs, namedAt } = this
    return { dev, ino, stream, answered, fingerprint, bornNs, namedAt, earlier: this.#earlier }
  }

  /** Begins a new life: what was read before is no longer what the file holds. */
  beginAgain(): void {
    this.stream = newStream()
    this.read = 0
    this.answered = 0
    this.size = 0
    this.fingerprint = NO_FINGERPRINT
    this.wantsRotation = false
    this.isMidLine = false
    this.refusal = undefined
    this.#earlier = []
    this.#marks = []
  }

  /** Takes a new name. What was written under the old one is still sent under it, to the end of its line. */
  rename(name: Buffer, namedAt: number): void {
    if (!sentName(name).equals(sentName(this.name))) {
      const isKnown = this.answered < this.size
      const until = isKnown ? this.size : this.read + 1
      if (isKnown || this.isMidLine) this.#earlier.push({ until, name: this.name, namedAt: this.namedAt })
      this.namedAt = namedAt
    }
    this.name = name
    this.isGone = false
  }

  /** Notes the size that the file has now, and when. */
  grow(size: number, now: number): void {
    if (size <= this.size) return
    this.size = size
    this.grewAt = now
    const last = this.#marks.at(-1)
    if (!last || (now - last.at >= MARK_EVERY_MS && this.#marks.length < MOST_MARKS))
      this.#marks.push({ size, at: now })
    else this.#marks[this.#marks.length - 1] = { size, at: last.at }
  }

  /** Returns for how long the oldest byte that is not answered has been seen, ms. */
  lagMs(now: number): number {
    const first = this.#marks.find(({ size }) => size > this.answered)
    return first && !this.isAnswered ? now - first.at : 0
  }

  answerUpTo(place: number): void {
    this.answered = place
    this.#earlier = this.#earlier.filter(({ until }) => until > place)
    this.#marks = this.#marks.filter(({ size }) => size > place)
  }

  /** Returns the name under which the byte at a place is sent. */
  nameAt(place: number): SentName {
    const earlier = this.#earlier.find(({ until }) => until > place)
    const { name, namedAt } = earlier ?? this
    return { name: sentName(name), namedAt, renamedAt: earlier?.until }
  }

  /**
   * Opens the file. A path that leads to another file leaves it closed. What does not begin as the file that is known begins
   * a new life. Throws the system's error.
   */
  open(path: Buffer): void {
    if (this.#fd !== undefined) return
    const fd = openSync(path, FLAGS)
    try {
      const stats = fstatSync(fd, { bigint: true })
      if (!stats.isFile() || stats.dev !== this.dev || stats.ino !== this.ino) return
      if (isOtherBirth(this.bornNs, stats) || !hasFingerprint(fd, this.fingerprint)) this.beginAgain()
      this.bornNs = birthOf(stats)
      this.isMidLine = this.read > 0 && byteAt(fd, this.read - 1) !== NEWLINE
      this.#fd = fd
    } finally {
      if (this.#fd !== fd) closeSync(fd)
    }
  }

  /** Reads from where reading stands. Resolves to the number of bytes; 0 where the file is closed. */
  async readInto(buffer: Buffer, most: number): Promise<number> {
    if (this.#fd === undefined) return 0
    const { bytesRead } = await readAt(this.#fd, buffer, 0, most, this.read)
    this.isUnreadable = false
    return bytesRead
  }

  /** Returns what the file is now; undefined where it is not open. */
  stats(): BigIntStats | undefined {
    return this.#fd === undefined ? undefined : fstatSync(this.#fd, { bigint: true })
  }

  /** Takes the fingerprint of what is there, where it would say more than the one there is. */
  takeFingerprint(): void {
    if (this.#fd !== undefined && canGrow(this.fingerprint, this.size))
      this.fingerprint = fingerprintOf(this.#fd, this.size)
  }

  /** Notes when an open file was made, where that was not known: a new file does not say it at once. */
  takeBirth(stats: BigIntStats): void {
    if (this.isOpen && this.bornNs === 0n) this.bornNs = birthOf(stats)
  }

  /** Whether an open file no longer begins as it did. */
  isOther(): boolean {
    return this.#fd !== undefined && !hasFingerprint(this.#fd, this.fingerprint)
  }

  /** Takes the fingerprint again: what is there was overwritten in its place. */
  renewFingerprint(): void {
    if (this.#fd !== undefined) this.fingerprint = fingerprintOf(this.#fd, this.fingerprint.length)
  }

  close(): void {
    const fd = this.#fd
    this.#fd = undefined
    try {
      if (fd !== undefined) closeSync(fd)
    } catch {
      // Nothing is lost with a file that was only read.
    }
  }
}

/**
 * Returns when a file was made, in ns; 0 where that is not known. Where it is the same as the last change the file system may give one
 * for the other.
 */
function birthOf({ birthtimeNs, ctimeNs }: BigIntStats): bigint {
  return birthtimeNs === ctimeNs ? 0n : birthtimeNs
}

function isOtherBirth(known: bigint, stats: BigIntStats): boolean {
  const found = birthOf(stats)
  return known !== 0n && found !== 0n && known !== found
}

function byteAt(fd: number, place: number): number | undefined {
  const byte = Buffer.alloc(1)
  return readSync(fd, byte, 0, 1, place) === 1 ? byte[0] : undefined
}

function newStream(): string {
  return randomBytes(8).toString('hex')
}
