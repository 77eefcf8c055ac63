import { hash } from 'node:crypto'

/** The first 128 bits of SHA-256 over the text's bytes, as 32 hex digits. */
export function hash128(text: string): string {
  return hash('sha256', bytesOf(text), 'hex').slice(0, 32)
}

/** The first 64 bits of SHA-256 over the text's bytes, as 16 hex digits. */
export function hash64(text: string): string {
  return hash('sha256', bytesOf(text), 'hex').slice(0, 16)
}

/** Tells bodies of messages apart. */
export function bodyDigest(body: Buffer): string {
  return hash('sha1', body, 'base64')
}

/**
 * As UTF-8 has them. Halves of surrogate pairs, for which it has none, are written by its pattern, as no text of
 * whole characters is: else all of them would be the same U+FFFD.
 */
function bytesOf(text: string): string | Buffer {
  if (text.isWellFormed()) return text
  const half = /[\ud800-\udfff]/u
  return Buffer.concat([...text].map((char) => (half.test(char) ? bytesOfHalf(char) : Buffer.from(char))))
}

function bytesOfHalf(char: string): Buffer {
  const code = char.charCodeAt(0)
  return Buffer.from([0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f)])
}
