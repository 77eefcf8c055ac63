/** What is kept of a message: one line, without its line end. */
export type ArchiveLine = string | Buffer

/** Where every raw notification is kept before it is acknowledged. */
export interface Archive {
  /** Resolves when the lines are on disk; rejects with TransientError, and then holds none of them. */
  append(lines: readonly ArchiveLine[]): Promise<void>
  close(): Promise<void>
}

const NEWLINE = 10
const RETURN = 13

/**
 * The line of a message. JSON stays byte for byte as it came (a line end between its tokens becomes a space);
 * any other body stands as `{"raw_base64": …}`.
 */
export function archiveLine(body: Buffer, isJson: boolean): ArchiveLine {
  if (!isJson) return base64Line(body)
  if (!body.includes(NEWLINE) && !body.includes(RETURN)) return body
  return body.map((byte) => (byte === NEWLINE || byte === RETURN ? 32 : byte)) as Buffer
}

/** A multiple of three: pieces of base64 that stand in a row have nothing between them. */
const PIECE_BYTES = 48 * 1024

/** Piece by piece: in one, a large body would be in memory four times. */
function base64Line(body: Buffer): Buffer {
  const [head, tail] = ['{"raw_base64":"', '"}']
  const line = Buffer.alloc(head.length + 4 * Math.ceil(body.length / 3) + tail.length)
  let at = line.write(head, 'latin1')
  for (let from = 0; from < body.length; from += PIECE_BYTES)
    at += line.write(body.toString('base64', from, from + PIECE_BYTES), at, 'latin1')
  line.write(tail, at, 'latin1')
  return line
}
