import type { FileHandle } from 'node:fs/promises'

const PIECE_BYTES = 256 * 1024

/**
 * Yields the content of an open file from its begin, at most `most` bytes. Each piece is valid until the next is asked for.
 */
export async function* readPieces(
  handle: FileHandle,
  most = Number.POSITIVE_INFINITY,
): AsyncGenerator<Buffer> {
  // A whole one for each of many small files would keep the collector busy.
  const buffer = Buffer.allocUnsafe(Math.min(PIECE_BYTES, Math.max(1, most)))
  for (let at = 0; at < most; ) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, most - at), at)
    if (bytesRead === 0) return
    at += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}
