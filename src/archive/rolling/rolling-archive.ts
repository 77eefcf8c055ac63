import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf, StackTachError, TransientError } from '../../domain/errors.ts'
import type { Logger } from '../../runtime/logger.ts'
import { makeFolder } from '../../runtime/make-folder.ts'
import { syncFile } from '../../runtime/sync-file.ts'
import type { Archive, ArchiveRecord } from '../archive.ts'
import type { NamedCallback } from '../callbacks/callback.ts'
import { callOnOpen } from '../callbacks/run-callbacks.ts'
import type { Compression } from '../compression.ts'
import type { ArchiveFormat } from '../format.ts'
import { createLineFormat } from '../lines/line-format.ts'
import { CRC_PART, formatFileName } from './file-name.ts'
import { Finisher } from './finisher.ts'
import { OpenFile } from './open-file.ts'
import { Owner } from './owner.ts'
import { Retention } from './retention.ts'
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
  /** form of the files, by default one message a line */
  readonly format?: ArchiveFormat | undefined
  /** how complete files are packed (none) */
  readonly compression?: Compression | undefined
  /** whether an index is put beside each complete file (false) */
  readonly hasIndex?: boolean | undefined
  /** what complete files are given to, in order */
  readonly callbacks?: readonly NamedCallback[] | undefined
  /** age in days from which on complete files are deleted; 0: never (0) */
  readonly keepDays?: number | undefined
  readonly logger: Logger
  /** the wall clock, ms since the epoch */
  readonly now?: () => number
  /** machine time, ms: it goes on evenly when the wall clock is set */
  readonly machineNow?: () => number
}

/** Interval of checks, ms: a file that nobody writes to is rolled by age too. */
const AGE_CHECK_MS = 30_000
const DAY_MS = 86_400_000

/**
 * Opens the folders of an archive (readable by their owner only) and completes the files that processes which
 * are gone left in them. Rejects with StackTachError when the folders cannot be used.
 *
 * @example
 * const archive = await openRollingArchive({ ...settings, logger })
 */
export async function openRollingArchive(options: RollingArchiveOptions): Promise<Archive> {
  const { workingDirectory, destinationFolder, rollMinutes, logger } = options
  let owner: Owner | undefined
  try {
    makeFolder(workingDirectory)
    makeFolder(destinationFolder)
    owner = Owner.enter(workingDirectory)
    const longestAgeMs = rollMinutes > 0 ? rollMinutes * 60_000 : DAY_MS
    const taken = await takeOver({ folder: workingDirectory, destinationFolder, owner, longestAgeMs, logger })
    const archive = new RollingArchive(options, owner)
    await archive.complete(taken)
    return archive
  } catch (error) {
    owner?.leave(true)
    const message = `cannot keep the archive in ${workingDirectory}: ${messageOf(error)}`
    throw new StackTachError('config', message, { cause: error })
  }
}

class RollingArchive implements Archive {
  readonly #options: RollingArchiveOptions
  readonly #owner: Owner
  readonly #now: () => number
  readonly #machineNow: () => number
  readonly #format: ArchiveFormat
  readonly #finisher: Finisher
  readonly #retention: Retention | undefined
  #file: OpenFile | undefined
  /** The end of all work so far: appends of several queues run one after another. */
  #queue: Promise<unknown> = Promise.resolve()
  #files = 0
  readonly #timer: NodeJS.Timeout

  constructor(options: RollingArchiveOptions, owner: Owner) {
    const { compression = 'none', hasIndex = false, callbacks = [], format = createLineFormat() } = options
    this.#options = options
    this.#owner = owner
    this.#format = format
    this.#now = options.now ?? Date.now
    this.#machineNow = options.machineNow ?? (() => performance.now())
    const notesShipped = callbacks.length > 0 && (options.keepDays ?? 0) > 0
    this.#finisher = new Finisher({ ...options, compression, hasIndex, callbacks, notesShipped }, () => {
      void this.#inTurn(() => this.#finisher.moveAll()).catch(() => {})
    })
    this.#retention = retentionOf(options, this.#now, this.#machineNow)
    this.#timer = setInterval(() => void this.#inTurn(() => this.#lookAfter()).catch(() => {}), AGE_CHECK_MS)
    this.#timer.unref()
  }

  get file(): string | undefined {
    return this.#file?.path
  }

  append(records: readonly ArchiveRecord[]): Promise<void> {
    return this.#inTurn(() => this.#append(records))
  }

  /** Completes files that others have left. */
  complete(taken: readonly { readonly path: string; readonly name: string }[]): Promise<void> {
    for (const { path, name } of taken) this.#finisher.add({ path, name, isLeft: true })
    return this.#inTurn(() => this.#finisher.moveAll())
  }

  /**
   * Completes the current file. Files that cannot be moved stay in the working folder, for the next process.
   */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#inTurn(() => this.#roll())
    await this.#finisher.packAll()
    await this.#inTurn(async () => {
      await this.#finisher.moveAll(Number.POSITIVE_INFINITY)
      await this.#finisher.called()
      this.#owner.leave(this.#finisher.hasLeft)
    })
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#queue.then(work)
    this.#queue = turn.catch(() => {})
    return turn
  }

  async #append(records: readonly ArchiveRecord[]): Promise<void> {
    if (records.length === 0) return
    try {
      await this.#rollIfFull()
      this.#file ??= await this.#open()
      const parts = records.flatMap((record) => this.#format.encode(record))
      if (!(await this.#file.append(parts))) {
        const again = await this.#inPlace()
        if (!(await again.append(parts)))
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
   * Writes the promised records of a file into a new one, from the handle that is still open: what becomes of a
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
    void this.#finisher.packAll()
    await this.#finisher.moveAll()
    await this.#retention?.step()
  }

  async #rollIfFull(): Promise<void> {
    if (this.#file && this.#isFull(this.#file)) await this.#roll()
  }

  #isFull(file: OpenFile): boolean {
    const { rollBytes, rollMinutes } = this.#options
    if (file.bytes >= rollBytes) return true
    // Machine time stands still while the machine sleeps; the wall clock may be set back.
    const age = Math.max(this.#now() - file.openedAt, this.#machineNow() - file.openedMachineAt)
    return rollMinutes > 0 && age >= rollMinutes * 60_000
  }

  async #open(): Promise<OpenFile> {
    const { workingDirectory, filenameTemplate, callbacks = [], logger } = this.#options
    this.#owner.stay()
    const openedAt = this.#now()
    const openedMachineAt = this.#machineNow()
    // The count distinguishes files that are opened within one millisecond.
    const name = formatFileName(filenameTemplate, openedAt * 1000 + (this.#files++ % 1000))
    const path = join(workingDirectory, this.#owner.partName(name))
    const at = { path, name, openedAt, openedMachineAt }
    const file = await OpenFile.create(at, filenameTemplate.includes(CRC_PART))
    await syncFile(workingDirectory)
    await callOnOpen(callbacks, path, logger)
    return file
  }

  async #roll(): Promise<void> {
    if (this.#file) {
      const file = await this.#inPlace()
      this.#file = undefined
      await this.#finish(file)
    }
    await this.#finisher.moveAll()
  }

  async #finish(file: OpenFile): Promise<void> {
    const { path, name } = file
    this.#finisher.add({ path, name, sha256: await file.close().catch(() => undefined) })
  }

  /** Ends the current file after a failure, since only the records before are certain; another one begins. */
  async #abandon(): Promise<void> {
    const file = this.#file
    if (!file) return
    // If this fails, the failed records stay and come again: the archive may have a message twice.
    await file.cut().catch(() => {})
    // The promised records of a file that was taken away are in this handle only.
    if (!(await file.isInPlace().catch(() => true))) return
    this.#file = undefined
    await this.#finish(file)
  }
}

function retentionOf(
  options: RollingArchiveOptions,
  now: () => number,
  machineNow: () => number,
): Retention | undefined {
  const { destinationFolder: folder, filenameTemplate, keepDays: days = 0, callbacks = [], logger } = options
  const mustBeShipped = callbacks.length > 0
  return days > 0
    ? new Retention({ folder, filenameTemplate, days, mustBeShipped, logger, now, machineNow })
    : undefined
}
