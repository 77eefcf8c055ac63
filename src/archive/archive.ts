/** A message in the archive: one line, without its line end. */
export type ArchiveLine = string | Buffer

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

/** Encodes a body piece by piece: encoded at once, a large body would be in memory four times. */
function base64Line(body: Buffer): Buffer {
  const [head, tail] = ['{"raw_base64":"', '"}']
  const line = Buffer.alloc(head.length + 4 * Math.ceil(body.length / 3) + tail.length)
  let at = line.write(head, 'latin1')
  for (let from = 0; from < body.length; from += PIECE_BYTES)
    at += line.write(body.toString('base64', from, from + PIECE_BYTES), at, 'latin1')
  line.write(tail, at, 'latin1')
  return line
}
