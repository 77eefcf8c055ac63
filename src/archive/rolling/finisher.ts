import { rename, rm, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../../domain/errors.ts'
import type { Logger } from '../../runtime/logger.ts'
import { syncFolderOf } from '../../runtime/sync-file.ts'
import type { NamedCallback } from '../callbacks/callback.ts'
import { callOnClose } from '../callbacks/run-callbacks.ts'
import { type Compression, PACKERS } from '../compression.ts'
import { indexPath } from '../file-index/file-index.ts'
import { packApart } from '../packing/packing.ts'
import { CRC_PART } from './file-name.ts'
import { madePath } from './owner.ts'
import { placeFile } from './place-file.ts'
import { contentHash } from './same-content.ts'
import { markShipped } from './shipped.ts'

export type FinisherOptions = {
  /** folder of the complete files */
  readonly destinationFolder: string
  readonly compression: Compression
  /** whether an index is put beside each file */
  readonly hasIndex: boolean
  readonly callbacks: readonly NamedCallback[]
  /** whether it is noted of files that all callbacks have had them, so that they may be deleted by age */
  readonly notesShipped: boolean
  readonly logger: Logger
}

/** A file of the working folder that nobody writes to any more. */
export type Finished = {
  readonly path: string
  /** name in the destination folder, with CRC_PART where the checksum goes */
  readonly name: string
  /** SHA-256 of the content, where it is known */
  readonly sha256?: string | undefined
  /** whether another process has left the file, and may have placed it already */
  readonly isLeft?: boolean
  /** the last failure that was logged */
  readonly told?: string
}

/** Most failed moves at a time: copying to a full disk takes long. */
const MOST_FAILURES = 3

/**
 * Completes finished files: packs each and makes its index, moves it to the destination folder and gives it to the
 * callbacks. Only moving is waited for by those who write; a failed step is tried again.
 */
export class Finisher {
  readonly #options: FinisherOptions
  /** files to be packed, and files to be moved */
  #unpacked: readonly Finished[] = []
  #unmoved: readonly Finished[] = []
  #packing: Promise<void> = Promise.resolve()
  #calling: Promise<void> = Promise.resolve()
  /** moves files in the turn of those who write */
  readonly #moveInTurn: () => void

  constructor(options: FinisherOptions, moveInTurn: () => void) {
    this.#options = options
    this.#moveInTurn = moveInTurn
  }

  /** Whether files are left that could not be completed. */
  get hasLeft(): boolean {
    return this.#unpacked.length + this.#unmoved.length > 0
  }

  add(file: Finished): void {
    if (this.#isReady(file)) this.#unmoved = [...this.#unmoved, file]
    else {
      this.#unpacked = [...this.#unpacked, file]
      void this.packAll()
    }
  }

  /** Packs files that are not packed yet, or could not be packed before. */
  packAll(): Promise<void> {
    this.#packing = this.#packing.then(() => this.#packEach())
    return this.#packing
  }

  /** Resolves when the callbacks have had all files that were moved. */
  called(): Promise<void> {
    return this.#calling
  }

  /**
   * Moves the finished files. A file that cannot be moved holds up neither other files nor records to be
   * written. After `mostFailures` failures the rest waits for the next call, and the failed files come last
   * then.
   */
  async moveAll(mostFailures = MOST_FAILURES): Promise<void> {
    const failed: Finished[] = []
    // Files that are packed meanwhile are added behind.
    for (let [file] = this.#unmoved; file && failed.length < mostFailures; [file] = this.#unmoved) {
      this.#unmoved = this.#unmoved.slice(1)
      const failure = await this.#move(file)
      if (failure !== undefined) failed.push({ ...file, told: failure })
    }
    this.#unmoved = [...this.#unmoved, ...failed]
  }

  /** Whether a file can be moved as it is. */
  #isReady({ name, sha256 }: Finished): boolean {
    const { compression, hasIndex } = this.#options
    return compression === 'none' && !hasIndex && (sha256 !== undefined || !name.includes(CRC_PART))
  }

  async #packEach(): Promise<void> {
    const failed: Finished[] = []
    for (let [file] = this.#unpacked; file; [file] = this.#unpacked) {
      const packed = await this.#pack(file)
      this.#unpacked = this.#unpacked.slice(1)
      if (packed && packed.sha256 === undefined) failed.push(packed)
      else if (packed) {
        this.#unmoved = [...this.#unmoved, packed]
        this.#moveInTurn()
      }
    }
    this.#unpacked = failed
  }

  /** Returns the file with its checksum, or with the failure; undefined when it is gone. */
  async #pack(file: Finished): Promise<Finished | undefined> {
    const { compression, hasIndex, logger } = this.#options
    const { path, told } = file
    try {
      const index = hasIndex ? madePath(path, 'indexing') : undefined
      const isPacked = compression !== 'none' || hasIndex
      const job = { source: path, compression, target: madePath(path, 'packing'), index }
      const { sha256 } = isPacked ? await packApart(job) : { sha256: await contentHash(path) }
      return { ...file, sha256 }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
        this.#tellGone(path)
        return undefined
      }
      const failure = messageOf(error)
      if (told !== failure)
        logger.warn({ file: path }, `cannot pack ${path} yet: ${failure}; trying again until it works`)
      return { ...file, sha256: undefined, told: failure }
    }
  }

  /** Moves a file; returns the reason when it cannot be moved yet. */
  async #move(file: Finished): Promise<string | undefined> {
    const { destinationFolder, compression, logger } = this.#options
    const { path, name, sha256 = '', isLeft = false, told } = file
    const packer = compression === 'none' ? undefined : PACKERS[compression]
    const target = join(destinationFolder, name.replace(CRC_PART, sha256) + (packer?.extension ?? ''))
    try {
      const placed = await placeFile(packer ? madePath(path, 'packing') : path, target, {
        mayBeThere: isLeft,
      })
      if (placed === undefined) {
        const isThere = packer !== undefined && (await stat(path).catch(() => undefined)) !== undefined
        // The packed file is gone, or is in its place already: packed again, it is recognised there.
        if (isThere) this.add({ ...file, sha256: undefined, isLeft: true })
        else {
          this.#tellGone(path)
          await rm(madePath(path, 'indexing'), { force: true })
        }
        return undefined
      }
      if (packer) {
        await unlink(path).catch(ignoreMissing)
        await syncFolderOf(path)
      }
      if (placed) this.#calling = this.#calling.then(() => this.#call(placed, madePath(path, 'indexing')))
      else await rm(madePath(path, 'indexing'), { force: true })
      return undefined
    } catch (error) {
      const failure = messageOf(error)
      if (told !== failure)
        logger.warn({ file: path }, `cannot move ${path} yet: ${failure}; trying again until it works`)
      return failure
    }
  }

  /** Gives a placed file to the callbacks, then puts its index beside it. */
  async #call(placed: string, index: string): Promise<void> {
    const { callbacks, hasIndex, notesShipped, logger } = this.#options
    try {
      const { path, areDone } = await callOnClose(callbacks, placed, logger)
      if (hasIndex && path !== null) await rename(index, indexPath(path))
      else if (hasIndex) await rm(index, { force: true })
      if (notesShipped && areDone && path !== null) await markShipped(path)
    } catch (error) {
      logger.warn({ file: placed }, `${placed} is complete, but has no index: ${messageOf(error)}`)
    }
  }

  #tellGone(path: string): void {
    const message = `${path} is gone: another program moved or deleted it before it was archived`
    this.#options.logger.warn({ file: path }, message)
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
