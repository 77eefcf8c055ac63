import { closeSync, constants, fstatSync, lstatSync, openSync, renameSync } from 'node:fs'
import { messageOf } from '../../domain/errors.ts'
import { sleep } from '../../runtime/backoff.ts'
import type { Logger } from '../../runtime/logger.ts'
import { lockFile } from './flock.ts'
import { idOf, isRotated, OLD, type SourceFile } from './source-file.ts'
import type { SourceFiles } from './source-files.ts'

/** Time between two looks at whether what stands in the way is answered, ms. */
const LOOK_MS = 250
/** Time until a rotation that has failed is tried again, ms. */
const RETRY_MS = 5000
const FLAGS = constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW | constants.O_NOCTTY

export type RotationParts = {
  readonly files: SourceFiles
  /** size from which a file is rotated, bytes; 0 for never */
  readonly limit: number
  readonly logger: Logger
  readonly signal: AbortSignal
  /** Called when NAME was renamed to NAME.old. */
  readonly onRotated: (name: Buffer) => void
  /** Called with a file whose last bytes must go though they end in no line feed. */
  readonly onTail: (file: SourceFile) => void
}

/**
 * Renames files that have reached a size to NAME.old, in place of the one before, once that one is locked against its writers and
 * answered whole. What cannot be rotated is tried again, for ever.
 */
export class Rotation {
  readonly #parts: RotationParts
  readonly #under = new Set<Promise<void>>()
  rotated = 0
  failed = 0

  constructor(parts: RotationParts) {
    this.#parts = parts
  }

  /** Rotates a file that has been read up to the limit. Does nothing where it is being rotated. */
  consider(file: SourceFile): void {
    const { limit } = this.#parts
    if (limit === 0 || file.read < limit || file.wantsRotation || file.isLink || isRotated(file.name)) return
    file.wantsRotation = true
    const work = this.#rotate(file).finally(() => this.#under.delete(work))
    this.#under.add(work)
  }

  async stop(): Promise<void> {
    await Promise.allSettled(this.#under)
  }

  async #rotate(file: SourceFile): Promise<void> {
    const { signal, logger, files } = this.#parts
    let said = ''
    while (!signal.aborted && file.wantsRotation && !file.isGone) {
      const path = files.pathOf(file.name)
      try {
        if (await this.#tryToRotate(file, path)) return
      } catch (error) {
        if (signal.aborted) return
        this.failed++
        const sentence = `cannot rotate ${path} yet: ${messageOf(error)}`
        if (sentence !== said) logger.warn({ file: path.toString() }, sentence)
        said = sentence
      }
      await sleep(RETRY_MS, signal)
    }
  }

  /** Returns whether the file is rotated, or is no longer what it was. */
  async #tryToRotate(file: SourceFile, path: Buffer): Promise<boolean> {
    const old = Buffer.concat([path, OLD])
    const stats = lstatSync(old, { throwIfNoEntry: false })
    if (!stats) return this.#rename(file, path, old)
    const fd = openSync(old, FLAGS)
    try {
      await lockFile(fd, this.#parts.signal)
      await this.#untilAnswered(file, fd)
      const isSame = this.#isStill(old, fstatSync(fd, { bigint: true }))
      if (!isSame || !file.wantsRotation) return !file.wantsRotation
      return this.#rename(file, path, old)
    } finally {
      closeSync(fd)
    }
  }

  /** Waits until all of the file that is to be replaced is answered. */
  async #untilAnswered(file: SourceFile, fd: number): Promise<void> {
    const { files, signal, onTail } = this.#parts
    while (!signal.aborted && file.wantsRotation) {
      const stats = fstatSync(fd, { bigint: true })
      const name = Buffer.concat([file.name, OLD])
      files.lookAt(name)
      const before = files.byId(stats)
      // One that is left out by the patterns is sent by nobody.
      if (before ? before.answered >= Number(stats.size) : !files.isRead(name)) return
      if (before) onTail(before)
      await sleep(LOOK_MS, signal)
    }
    signal.throwIfAborted()
  }

  #rename(file: SourceFile, path: Buffer, old: Buffer): boolean {
    if (!this.#isStill(path, file)) {
      file.wantsRotation = false
      return true
    }
    const before = lstatSync(old, { bigint: true, throwIfNoEntry: false })
    renameSync(path, old)
    const replaced = before && this.#parts.files.byId(before)
    if (replaced) replaced.isReplaced = true
    const { name } = file
    this.rotated++
    this.#parts.onRotated(name)
    return true
  }

  #isStill(path: Buffer, file: { readonly dev: bigint; readonly ino: bigint }): boolean {
    const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false })
    return stats !== undefined && idOf(stats) === idOf(file)
  }
}
