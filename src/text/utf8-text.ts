import { isUtf8 } from 'node:buffer'

/**
 * Decodes UTF-8. Each byte that belongs to no character becomes U+FFFD, while decoders of the platform make one of
 * several. A byte order mark stays.
 */
export function utf8Text(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (isUtf8(buffer)) return buffer.toString('utf8')
  const pieces: string[] = []
  let clean = 0
  for (let at = 0; at < buffer.length; ) {
    const length = lengthAt(buffer, at)
    if (length > 0) {
      at += length
      continue
    }
    pieces.push(buffer.toString('utf8', clean, at), '\ufffd')
    at++
    clean = at
  }
  return [...pieces, buffer.toString('utf8', clean)].join('')
}

/** Returns the length of the character that begins at an index, in bytes; 0 where none does. */
function lengthAt(buffer: Buffer, at: number): number {
  const first = buffer[at] as number
  if (first < 0x80) return 1
  const length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0
  return length > 0 && isUtf8(buffer.subarray(at, at + length)) && at + length <= buffer.length ? length : 0
}
