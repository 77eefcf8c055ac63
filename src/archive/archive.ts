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
  if (!isJson) return JSON.stringify({ raw_base64: body.toString('base64') })
  if (!body.includes(NEWLINE) && !body.includes(RETURN)) return body
  return body.map((byte) => (byte === NEWLINE || byte === RETURN ? 32 : byte)) as Buffer
}
