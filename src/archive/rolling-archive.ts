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
  /** files that are being written; see Owner for whose they are */
  readonly workingDirectory: string
  /** files that are complete */
  readonly destinationFolder: string
  /** see formatFileName */
  readonly filenameTemplate: string
  /** a file of this size is complete */
  readonly rollBytes: number
  /** so is one of this age; 0: age does not matter */
  readonly rollMinutes: number
  readonly logger: Logger
  /** machine time, ms since the epoch */
  readonly now?: () => number
}

/** A finished file that could not be moved yet, and what was told of that. */
type Finished = { readonly path: string; readonly name: string; readonly told?: string }

/** A file that nobody writes to is rolled by age too: it is looked at so often. */
const AGE_CHECK_MS = 30_000
const DAY_MS = 86_400_000
/** Of one look: copying to a disk that is full takes its time. */
const MOST_FAILURES = 3

/**
 * Opens the folders of an archive (readable by their owner only) and completes what a process that is gone
 * left in them.
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

/** Makes the files of processes that are gone ours. */
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
  /** Appends of several queues wait for each other here. */
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

  /** What cannot be moved stays in the working folder, for the next process. */
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
        if (!(await again.append(lines))) throw new Error(`${again.path} is taken away again and again`)
      }
    } catch (error) {
      await this.#abandon()
      throw new TransientError(`cannot write the archive: ${messageOf(error)}`, { cause: error })
    }
  }

  /** The file to write to: a new one where there is none, or where somebody has taken it away. */
  async #inPlace(): Promise<OpenFile> {
    const file = this.#file
    if (!file) this.#file = await this.#open()
    else if (!(await file.isInPlace())) this.#file = await this.#writeAnew(file)
    return this.#file as OpenFile
  }

  /**
   * Nobody knows what becomes of a file that was deleted or moved while it was written: what was promised of it is
   * written once more, from the file that is still open.
   */
  async #writeAnew(file: OpenFile): Promise<OpenFile> {
    const { path, bytes } = file
    const message = `${path} was deleted or moved while it was written; what was in it is written once more`
    this.#options.logger.warn({ file: path, bytes }, message)
    const copy = await this.#open()
    try {
      if (!(await file.copyTo(copy))) throw new Error(`${copy.path} was taken away`)
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
    // The count tells apart what is opened within one millisecond.
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
   * Moves what is finished. One that cannot be moved holds up no other, and no line that is to be written; after so
   * many of them the rest waits for the next time, and they come last then.
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

  /** Answers why it cannot be moved yet. */
  async #moveOne({ path, name, told }: Finished): Promise<string | undefined> {
    const { destinationFolder, logger } = this.#options
    try {
      if (!(await placeFile(path, join(destinationFolder, name)))) {
        logger.warn({ file: path }, `${path} was taken away by somebody before it was moved`)
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

  /** After a failure nothing is certain of the file but the lines before it: it ends there, and another begins. */
  async #abandon(): Promise<void> {
    const file = this.#file
    if (!file) return
    // The lines that failed may stay in the file and will come again: a message may be in the archive twice.
    await file.cut().catch(() => {})
    // What is promised of a file that was taken away is in this one only.
    if (!(await file.isInPlace().catch(() => true))) return
    this.#file = undefined
    await this.#finish(file)
  }
}
