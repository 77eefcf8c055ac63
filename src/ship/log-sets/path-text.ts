import { isUtf8 } from 'node:buffer'

/** Matches a byte that is not UTF-8, as textOfPath writes it. */
const STRAY = /[\udc80-\udcff]/gu

/**
 * Returns the text of a path. A byte that is not UTF-8 becomes half a character, U+DC80 to U+DCFF, as Python does it, so that
 * the text stands for these bytes and no others.
 */
export function textOfPath(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8')
  let text = ''
  for (let at = 0; at < bytes.length; ) {
    const length = lengthOfCharacter(bytes, at)
    text +=
      length > 0
        ? bytes.toString('utf8', at, at + length)
        : String.fromCharCode(0xdc00 + (bytes[at] as number))
    at += Math.max(1, length)
  }
  return text
}

/** Returns the number of bytes of the character that begins at an index; 0 when none does. */
function lengthOfCharacter(bytes: Buffer, at: number): number {
  const first = bytes[at] as number
  const length = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2
  return at + length <= bytes.length && isUtf8(bytes.subarray(at, at + length)) ? length : 0
}

/** Returns the bytes of a path from the text that textOfPath made of them. */
export function bytesOfPath(text: string): Buffer {
  const pieces: Buffer[] = []
  let from = 0
  for (const { index } of text.matchAll(STRAY)) {
    pieces.push(Buffer.from(text.slice(from, index)), Buffer.of(text.charCodeAt(index) - 0xdc00))
    from = index + 1
  }
  return Buffer.concat([...pieces, Buffer.from(text.slice(from))])
}

/** Returns a text of a path with each byte that is not UTF-8 as `%` and two digits, which every store can take. */
export function withPercentBytes(text: string): string {
  return text.replace(STRAY, (half) => `%${(half.charCodeAt(0) - 0xdc00).toString(16).toUpperCase()}`)
}
