const NEWLINE = 0x0a

export type Cut = {
  /** most line feeds in a message */
  readonly mostLines: number
  /** whether what follows the last line feed goes too */
  readonly takesTail: boolean
}

/**
 * Returns how many of the bytes that were read go into the next message: whole lines, and what follows them where that is to go.
 * Bytes without a line feed are a piece of a line.
 */
export function lengthToSend(bytes: Buffer, { mostLines, takesTail }: Cut): number {
  const end = endOfLines(bytes, mostLines)
  if (!takesTail || end.isFull) return end.at
  return bytes.length
}

/** Returns the index behind the last whole line, at most so many, and whether there are that many. */
function endOfLines(bytes: Buffer, most: number): { readonly at: number; readonly isFull: boolean } {
  if (!Number.isFinite(most)) return { at: bytes.lastIndexOf(NEWLINE) + 1, isFull: false }
  let at = 0
  for (let count = 0; count < most; count++) {
    const newline = bytes.indexOf(NEWLINE, at)
    if (newline < 0) return { at, isFull: false }
    at = newline + 1
  }
  return { at, isFull: true }
}
