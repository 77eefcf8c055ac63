import { hash } from 'node:crypto'

/** Returns the first 128 bits of the SHA-256 of the text's bytes, as 32 hex digits. */
export function hash128(text: string): string {
  return hash('sha256', bytesOf(text), 'hex').slice(0, 32)
}

/** Returns the first 128 bits of the SHA-256 of the bytes, as 32 hex digits. */
export function bytesHash128(bytes: Buffer): string {
  return hash('sha256', bytes, 'hex').slice(0, 32)
}

/** Returns the first 64 bits of the SHA-256 of the text's bytes, as 16 hex digits. */
export function hash64(text: string): string {
  return hash('sha256', bytesOf(text), 'hex').slice(0, 16)
}

/** Returns a digest by which bodies of messages are compared: SHA-1 in base64. */
export function bodyDigest(body: Buffer): string {
  return hash('sha1', body, 'base64')
}

/**
 * Returns the text's bytes in UTF-8. A lone surrogate, which UTF-8 cannot encode, gets three bytes by UTF-8's
 * bit pattern, which no well-formed text has. Otherwise all lone surrogates would become the same U+FFFD and
 * texts with them would share a hash.
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
