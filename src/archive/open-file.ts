import { createHash, type Hash } from 'node:crypto'
import { type FileHandle, open, stat } from 'node:fs/promises'
import type { ArchiveLine, LineInPieces } from './archive.ts'

const LINE_END = Buffer.from('\n')
const BLOCK_BYTES = 1024 * 1024

/** A file of the archive to which lines are written. */
export class OpenFile {
  readonly path: string
  /** final name of the file, without its checksum */
  readonly name: string
  /** time of opening, ms since the epoch */
  readonly openedAt: number
  readonly #handle: FileHandle
  readonly #crc: Hash | undefined
  /** number of bytes that are written and in their place; bytes behind them were promised to nobody */
  bytes = 0

  private constructor(
    handle: FileHandle,
    at: { path: string; name: string; openedAt: number },
    hasCrc: boolean,
  ) {
    this.#handle = handle
    this.path = at.path
    this.name = at.name
    this.openedAt = at.openedAt
    this.#crc = hasCrc ? createHash('sha256') : undefined
  }

  /** Creates a file that must not exist yet, readable by its owner only. */
  static async create(
    at: { readonly path: string; readonly name: string; readonly openedAt: number },
    hasCrc: boolean,
  ): Promise<OpenFile> {
    return new OpenFile(await open(at.path, 'ax+', 0o600), at, hasCrc)
  }

  /**
   * Writes lines and waits for the disk. Returns false when the file is no longer in its place: whoever moved
   * the file may have done so before the lines were in it.
   */
  async append(lines: readonly ArchiveLine[]): Promise<boolean> {
    return this.#write(piecesOf(lines))
  }

  async #write(pieces: readonly Piece[]): Promise<boolean> {
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

  /** Closes the file and returns the checksum of its content, or an empty text without one. */
  async close(): Promise<string> {
    await this.#handle.close()
    return this.#crc?.digest('hex') ?? ''
  }
}

/**
 * Size in bytes from which on a line is written by itself: joined with others it would be in memory twice.
 */
const LARGE_LINE = 1 << 20

/** Lines joined, a large line, or one that is made as it is written. */
type Piece = Buffer | LineInPieces

function buffersOf(piece: Piece): Iterable<Buffer> {
  return Buffer.isBuffer(piece) ? [piece] : piece.pieces()
}

/** Joins lines and their ends into as few pieces as possible. */
function piecesOf(lines: readonly ArchiveLine[]): Piece[] {
  const pieces: Piece[] = []
  let small: Buffer[] = []
  const end = () => {
    if (small.length > 0) pieces.push(Buffer.concat(small))
    small = []
  }
  for (const line of lines) {
    const bytes = typeof line === 'string' ? Buffer.from(line) : line
    if (!Buffer.isBuffer(bytes) || bytes.length >= LARGE_LINE) {
      end()
      pieces.push(bytes)
    } else small.push(bytes)
    small.push(LINE_END)
  }
  end()
  return pieces
}
