/** A message in the archive: one line, without its line end. */
export type ArchiveLine = string | Buffer | LineInPieces

/** A line that is too large to be in memory whole: its pieces are made when they are written. */
export type LineInPieces = {
  /** Makes the pieces, in order; each holds its bytes until the next is made. */
  pieces(): Iterable<Buffer>
}

/**
 * Keeps every raw notification before it is acknowledged.
 *
 * @example
 * await archive.append(bodies.map((body) => archiveLine(body, true)))
 */
export interface Archive {
  /**
   * Resolves when the lines are on disk. Rejects with TransientError when they cannot be written; then none
   * of them counts as kept.
   */
  append(lines: readonly ArchiveLine[]): Promise<void>
  /** Completes the current file and leaves the folders. */
  close(): Promise<void>
}

const NEWLINE = 10
const RETURN = 13

/**
 * Returns the line of a message. JSON stays byte for byte as it came (a line end between its tokens becomes a
 * space); any other body becomes `{"raw_base64": …}`.
 */
export function archiveLine(body: Buffer, isJson: boolean): ArchiveLine {
  if (!isJson) return base64Line(body)
  if (!body.includes(NEWLINE) && !body.includes(RETURN)) return body
  return body.map((byte) => (byte === NEWLINE || byte === RETURN ? 32 : byte)) as Buffer
}

/** Bytes that are encoded at a time: a multiple of three, so that pieces of base64 join without padding. */
const PIECE_BYTES = 48 * 1024
const [HEAD, TAIL] = [Buffer.from('{"raw_base64":"'), Buffer.from('"}')]

function base64Line(body: Buffer): ArchiveLine {
  const line = { pieces: () => base64Pieces(body) }
  return body.length > PIECE_BYTES ? line : joined(line)
}

function* base64Pieces(body: Buffer): Iterable<Buffer> {
  yield HEAD
  const piece = Buffer.allocUnsafe((PIECE_BYTES / 3) * 4)
  for (let from = 0; from < body.length; from += PIECE_BYTES) {
    const length = piece.write(body.toString('base64', from, from + PIECE_BYTES), 'latin1')
    yield piece.subarray(0, length)
  }
  yield TAIL
}

/** Returns a line as one buffer. */
export function joined(line: LineInPieces): Buffer {
  return Buffer.concat(Array.from(line.pieces(), (piece) => Buffer.from(piece)))
}
