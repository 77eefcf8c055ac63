import { isUtf8 } from 'node:buffer'

/** Python's names that TextDecoder does not know. */
const ALIASES: { readonly [name: string]: string } = {
  'latin-1': 'latin1',
  'utf-8-sig': 'utf-8',
  'utf-16-le': 'utf-16le',
  'utf-16-be': 'utf-16be',
}
/** Names that say nothing about a text: kombu's for bytes, and a part of UTF-8. */
const NONE = new Set(['binary', '8bit', '7bit', 'identity', 'ascii', 'us-ascii', 'utf-8', 'utf8'])

const BYTE_ORDER_MARK = 0xfeff
const LAST_CODE = 0x10ffff

/** A text as UTF-8 without a byte order mark, or the reason why it cannot be read. */
export type Read = { readonly body: Buffer } | { readonly reason: string }

/**
 * Returns a body as UTF-8, the same one where it is UTF-8 already. `charset` is the name that the sender gives, in
 * lower case; undefined means UTF-8. A byte order mark says more than a name.
 */
export function asUtf8(body: Buffer, charset: string | undefined): Read {
  const marked = markedCharset(body)
  if (marked === 'utf-8') return { body: body.subarray(3) }
  const name = marked ?? charset?.replaceAll('_', '-')
  if (name === undefined || NONE.has(name)) return { body }
  const wide = /^utf-?32-?(le|be)?$/.exec(name)
  if (wide) return fromUtf32(body, wide[1] ?? 'be', name)
  let decoder: TextDecoder
  try {
    decoder = new TextDecoder(ALIASES[name] ?? name, { fatal: true })
  } catch {
    // What is UTF-8 nevertheless can be read: the name may be of a later version of the sender.
    return isUtf8(body) ? { body } : { reason: `the body is in the charset ${name}, which is not known` }
  }
  try {
    return { body: Buffer.from(decoder.decode(body)) }
  } catch {
    return { reason: `the body is not in the charset ${name}, which the message names` }
  }
}

/** Characters that are decoded at a time. */
const PORTION = 8192

/** Decodes UTF-32, which TextDecoder does not know. Without a byte order mark the high byte comes first. */
function fromUtf32(body: Buffer, order: string, name: string): Read {
  const reason = `the body is not in the charset ${name}, which the message names`
  if (body.length % 4 !== 0) return { reason }
  const read = (at: number) => (order === 'le' ? body.readUInt32LE(at) : body.readUInt32BE(at))
  const begin = body.length > 0 && read(0) === BYTE_ORDER_MARK ? 4 : 0
  const portions: Buffer[] = []
  for (let from = begin; from < body.length; from += 4 * PORTION) {
    const length = Math.min(PORTION, (body.length - from) / 4)
    const codes = Array.from({ length }, (_, index) => read(from + 4 * index))
    if (codes.some((code) => code > LAST_CODE)) return { reason }
    portions.push(Buffer.from(String.fromCodePoint(...codes)))
  }
  return { body: Buffer.concat(portions) }
}

/** Returns the charset that a byte order mark shows. */
function markedCharset(body: Buffer): string | undefined {
  const [first, second, third, fourth] = body
  if (first === 0xff && second === 0xfe && third === 0 && fourth === 0) return 'utf-32le'
  if (first === 0 && second === 0 && third === 0xfe && fourth === 0xff) return 'utf-32be'
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'utf-8'
  if (first === 0xff && second === 0xfe) return 'utf-16le'
  return first === 0xfe && second === 0xff ? 'utf-16be' : undefined
}
