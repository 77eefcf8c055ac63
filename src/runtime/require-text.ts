import { isUtf8 } from 'node:buffer'

/** Number of bytes by which each way of packing is recognised. */
export const FIRST_BYTES = 10

/** First bytes, in hexadecimal, of what is packed in a way that is not unpacked from files. */
const PACKED: readonly (readonly [begin: RegExp, name: string])[] = [
  [/^425a683[1-9](314159265359|177245385090)/, 'bzip2'],
  [/^fd377a585a/, 'xz'],
  [/^28b52ffd/, 'zstd'],
  [/^504b0304/, 'zip'],
  [/^377abcaf/, '7-Zip'],
  [/^78(01|5e|9c|da)/, 'zlib'],
]

/**
 * Throws an error that says what bytes are when they do not begin a text in UTF-8: UTF-16, packed, or others with
 * a NUL.
 */
export function requireText(begin: Buffer): void {
  const [first, second] = begin
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    throw new Error('it is UTF-16; expected UTF-8')
  const digits = begin.toString('hex', 0, FIRST_BYTES)
  const [, name] = PACKED.find(([pattern]) => pattern.test(digits)) ?? []
  // A text may begin with x and a circumflex.
  const isText = name === 'zlib' && isUtf8(begin) && !begin.includes(1)
  if (name !== undefined && !isText)
    throw new Error(`it is packed by ${name}; expected UTF-8, plain or packed by gzip`)
  requireNoNul(begin)
}

/** Throws an error when there is a NUL, which no text has. */
export function requireNoNul(bytes: Buffer): void {
  if (bytes.includes(0)) throw new Error('it is no text, since it has a NUL byte; expected UTF-8')
}
