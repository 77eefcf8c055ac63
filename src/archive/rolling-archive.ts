import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf, StackTachError, TransientError } from '../domain/errors.ts'
import type { Logger } from '../runtime/logger.ts'
import { makeFolder } from '../runtime/make-folder.ts'
import { syncFile } from '../runtime/sync-file.ts'
import type { Archive, ArchiveLine } from './archive.ts'
import { CRC_PART, formatFileName } from './file-name.ts'
import { OpenFile } from './open-file.ts'
import { Owner } from './owner.ts'
import { placeFile } from './place-file.ts'
import { takeOver } from './take-over.ts'

export type RollingArchiveOptions = {
  /** folder of the files that are being written; see Owner for whom they belong to */
  readonly workingDirectory: string
  /** folder of the complete files */
  readonly destinationFolder: string
  /** template of the names of complete files; see formatFileName */
  readonly filenameTemplate: string
  /** size in bytes from which on a file is complete */
  readonly rollBytes: number
  /** age in minutes from which on a file is complete; 0: files of any age are written to */
  readonly rollMinutes: number
  readonly logger: Logger
  /** machine time, ms since the epoch */
  readonly now?: () => number
}

/** A finished file that is not moved yet, and the last reason for that which was logged. */
type Finished = { readonly path: string; readonly name: string; readonly told?: string }

/** Interval of checks, ms: a file that nobody writes to is rolled by age too. */
const AGE_CHECK_MS = 30_000
const DAY_MS = 86_400_000
/** Most failed moves per check: copying to a full disk takes long. */
const MOST_FAILURES = 3

/**
 * Opens the folders of an archive (readable by their owner only) and completes the files that processes which
 * are gone left in them. Rejects with StackTachError when the folders cannot be used.
 *
 * @example
 * const archive = await openRollingArchive({ ...settings, logger })
 */
export async function openRollingArchive(options: RollingArchiveOptions): Promise<Archive> {
  const { workingDirectory, destinationFolder } = options
  let owner: Owner | undefined
  try {
    makeFolder(workingDirectory)
    makeFolder(destinationFolder)
    owner = Owner.enter(workingDirectory)
    const archive = new RollingArchive(options, owner, await leftByOthers(options, owner))
    await archive.moveFinished()
    return archive
  } catch (error) {
    owner?.leave(true)
    const message = `cannot keep the archive in ${workingDirectory}: ${messageOf(error)}`
    throw new StackTachError('config', message, { cause: error })
  }
}

/** Takes over the files of processes that are gone. */
async function leftByOthers(options: RollingArchiveOptions, owner: Owner): Promise<Finished[]> {
  const { workingDirectory: folder, rollMinutes, logger } = options
  const longestAgeMs = rollMinutes > 0 ? rollMinutes * 60_000 : DAY_MS
  const taken = await takeOver({ folder, owner, longestAgeMs, logger })
  return taken.map(({ path, name }) => ({ path, name: name.replace(CRC_PART, 'recovered') }))
}

class RollingArchive implements Archive {
  readonly #options: RollingArchiveOptions
  readonly #owner: Owner
  readonly #now: () => number
  #file: OpenFile | undefined
  /** The end of all work so far: appends of several queues run one after another. */
  #queue: Promise<unknown> = Promise.resolve()
  #files = 0
  #unmoved: readonly Finished[]
  readonly #timer: NodeJS.Timeout

  constructor(options: RollingArchiveOptions, owner: Owner, finished: readonly Finished[]) {
    this.#options = options
    this.#owner = owner
    this.#unmoved = finished
    this.#now = options.now ?? Date.now
    this.#timer = setInterval(() => void this.#inTurn(() => this.#lookAfter()).catch(() => {}), AGE_CHECK_MS)
    this.#timer.unref()
  }

  append(lines: readonly ArchiveLine[]): Promise<void> {
    return this.#inTurn(() => this.#append(lines))
  }

  /**
   * Completes the current file. Files that cannot be moved stay in the working folder, for the next process.
   */
  close(): Promise<void> {
    clearInterval(this.#timer)
    return this.#inTurn(async () => {
      await this.#roll()
      await this.moveFinished(Number.POSITIVE_INFINITY)
      this.#owner.leave(this.#unmoved.length > 0)
    })
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#queue.then(work)
    this.#queue = turn.catch(() => {})
    return turn
  }

  async #append(lines: readonly ArchiveLine[]): Promise<void> {
    if (lines.length === 0) return
    try {
      await this.#rollIfFull()
      this.#file ??= await this.#open()
      if (!(await this.#file.append(lines))) {
        const again = await this.#inPlace()
        if (!(await again.append(lines)))
          throw new Error(`${again.path} was moved or deleted again while it was written`)
      }
    } catch (error) {
      await this.#abandon()
      throw new TransientError(`cannot write the archive: ${messageOf(error)}`, { cause: error })
    }
  }

  /** Returns the file to write to: a new one where there is none, or where it was moved or deleted. */
  async #inPlace(): Promise<OpenFile> {
    const file = this.#file
    if (!file) this.#file = await this.#open()
    else if (!(await file.isInPlace())) this.#file = await this.#writeAnew(file)
    return this.#file as OpenFile
  }

  /**
   * Writes the promised lines of a file into a new one, from the handle that is still open: what becomes of a
   * file that was deleted or moved while it was written is unknown.
   */
  async #writeAnew(file: OpenFile): Promise<OpenFile> {
    const { path, bytes } = file
    const message = `${path} was deleted or moved while it was written; what was in it is written once more`
    this.#options.logger.warn({ file: path, bytes }, message)
    const copy = await this.#open()
    try {
      if (!(await file.copyTo(copy)))
        throw new Error(`${copy.path} was moved or deleted while it was written`)
    } catch (error) {
      await copy.close().catch(() => {})
      await rm(copy.path, { force: true }).catch(() => {})
      throw error
    }
    await file.close().catch(() => {})
    return copy
  }

  async #lookAfter(): Promise<void> {
    this.#owner.stay()
    if (this.#file) await this.#inPlace()
    await this.#rollIfFull()
    await this.moveFinished()
  }

  async #rollIfFull(): Promise<void> {
    if (this.#file && this.#isFull(this.#file)) await this.#roll()
  }

  #isFull(file: OpenFile): boolean {
    const { rollBytes, rollMinutes } = this.#options
    const age = this.#now() - file.openedAt
    return file.bytes >= rollBytes || (rollMinutes > 0 && age >= rollMinutes * 60_000)
  }

  async #open(): Promise<OpenFile> {
    const { workingDirectory, filenameTemplate } = this.#options
    this.#owner.stay()
    const openedAt = this.#now()
    // The count distinguishes files that are opened within one millisecond.
    const name = formatFileName(filenameTemplate, openedAt * 1000 + (this.#files++ % 1000))
    const path = join(workingDirectory, this.#owner.partName(name))
    const file = await OpenFile.create({ path, name, openedAt }, filenameTemplate.includes(CRC_PART))
    await syncFile(workingDirectory)
    return file
  }

  async #roll(): Promise<void> {
    if (this.#file) {
      const file = await this.#inPlace()
      this.#file = undefined
      await this.#finish(file)
    }
    await this.moveFinished()
  }

  async #finish(file: OpenFile): Promise<void> {
    const crc = await file.close().catch(() => '')
    this.#unmoved = [...this.#unmoved, { path: file.path, name: file.name.replace(CRC_PART, crc) }]
  }

  /**
   * Moves the finished files. A file that cannot be moved holds up neither other files nor lines to be
   * written. After `mostFailures` failures the rest waits for the next call, and the failed files come last
   * then.
   */
  async moveFinished(mostFailures = MOST_FAILURES): Promise<void> {
    const failed: Finished[] = []
    const rest = [...this.#unmoved]
    while (rest.length > 0 && failed.length < mostFailures) {
      const finished = rest.shift() as Finished
      const failure = await this.#moveOne(finished)
      if (failure !== undefined) failed.push({ ...finished, told: failure })
    }
    this.#unmoved = [...rest, ...failed]
  }

  /** Moves a file; returns the reason when it cannot be moved yet. */
  async #moveOne({ path, name, told }: Finished): Promise<string | undefined> {
    const { destinationFolder, logger } = this.#options
    try {
      if (!(await placeFile(path, join(destinationFolder, name)))) {
        logger.warn(
          { file: path },
          `${path} is gone: another program moved or deleted it before it was archived`,
        )
      }
      return undefined
    } catch (error) {
      const failure = messageOf(error)
      if (told !== failure) {
        logger.warn({ file: path }, `cannot move ${path} yet: ${failure}; trying again until it works`)
      }
      return failure
    }
  }

  /** Ends the current file after a failure, since only the lines before are certain; another one begins. */
  async #abandon(): Promise<void> {
    const file = this.#file
    if (!file) return
    // If this fails, the failed lines stay and come again: the archive may have a message twice.
    await file.cut().catch(() => {})
    // The promised lines of a file that was taken away are in this handle only.
    if (!(await file.isInPlace().catch(() => true))) return
    this.#file = undefined
    await this.#finish(file)
  }
}
