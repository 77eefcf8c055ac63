import { createHash, type Hash } from 'node:crypto'
import { type FileHandle, open, stat } from 'node:fs/promises'
import type { InPieces } from '../format.ts'

const BLOCK_BYTES = 1024 * 1024

/** Where and when a file was opened. */
type Opening = {
  readonly path: string
  /** final name, without its checksum */
  readonly name: string
  /** the wall clock, ms since the epoch */
  readonly openedAt: number
  /** machine time, ms */
  readonly openedMachineAt: number
}

/** A file of the archive to which records are written. */
export class OpenFile {
  readonly path: string
  /** final name of the file, without its checksum */
  readonly name: string
  /** time of opening, ms since the epoch */
  readonly openedAt: number
  /** machine time of opening, ms */
  readonly openedMachineAt: number
  readonly #handle: FileHandle
  readonly #crc: Hash | undefined
  /** number of bytes that are written and in their place; bytes behind them were promised to nobody */
  bytes = 0

  private constructor(handle: FileHandle, at: Opening, hasCrc: boolean) {
    this.#handle = handle
    this.path = at.path
    this.name = at.name
    this.openedAt = at.openedAt
    this.openedMachineAt = at.openedMachineAt
    this.#crc = hasCrc ? createHash('sha256') : undefined
  }

  /** Creates a file that must not exist yet, readable by its owner only. */
  static async create(at: Opening, hasCrc: boolean): Promise<OpenFile> {
    return new OpenFile(await open(at.path, 'ax+', 0o600), at, hasCrc)
  }

  /**
   * Writes parts of records and waits for the disk. Returns false when the file is no longer in its place: whoever
   * moved the file may have done so before the records were in it.
   */
  async append(parts: readonly Part[]): Promise<boolean> {
    return this.#write(piecesOf(parts))
  }

  async #write(pieces: readonly Part[]): Promise<boolean> {
    for (const piece of pieces) {
      for (const bytes of buffersOf(piece)) await this.#handle.appendFile(bytes)
    }
    await this.#handle.datasync()
    if (!(await this.isInPlace())) return false
    for (const piece of pieces) {
      for (const bytes of buffersOf(piece)) {
        this.bytes += bytes.length
        this.#crc?.update(bytes)
      }
    }
    return true
  }

  /** Whether the path still leads to this file. */
  async isInPlace(): Promise<boolean> {
    const [own, found] = await Promise.all([
      this.#handle.stat({ bigint: true }),
      stat(this.path, { bigint: true }).catch((error) => {
        if (error.code === 'ENOENT') return undefined
        throw error
      }),
    ])
    return found !== undefined && found.ino === own.ino && found.dev === own.dev
  }

  /** Copies the promised bytes into another file; returns false when that is no longer in its place. */
  async copyTo(other: OpenFile): Promise<boolean> {
    for (let at = 0; at < this.bytes; ) {
      const block = Buffer.alloc(Math.min(BLOCK_BYTES, this.bytes - at))
      const { bytesRead } = await this.#handle.read(block, 0, block.length, at)
      if (bytesRead === 0) throw new Error(`${this.path} was truncated by another program`)
      if (!(await other.#write([block.subarray(0, bytesRead)]))) return false
      at += bytesRead
    }
    return true
  }

  /** Cuts off the bytes behind the promised ones. */
  async cut(): Promise<void> {
    await this.#handle.truncate(this.bytes)
    await this.#handle.datasync()
  }

  /** Closes the file and returns the SHA-256 of its content, as hex digits, where it is wanted. */
  async close(): Promise<string | undefined> {
    await this.#handle.close()
    return this.#crc?.digest('hex')
  }
}

/**
 * Size in bytes from which on a part is written by itself: joined with others it would be in memory twice.
 */
const LARGE_PART = 1 << 20

type Part = Buffer | InPieces

function buffersOf(part: Part): Iterable<Buffer> {
  return Buffer.isBuffer(part) ? [part] : part.pieces()
}

/** Joins parts into as few as possible, except large ones. */
function piecesOf(parts: readonly Part[]): Part[] {
  const pieces: Part[] = []
  let small: Buffer[] = []
  const end = () => {
    if (small.length > 0) pieces.push(Buffer.concat(small))
    small = []
  }
  for (const part of parts) {
    if (!Buffer.isBuffer(part) || part.length >= LARGE_PART) {
      end()
      pieces.push(part)
    } else small.push(part)
  }
  end()
  return pieces
}
