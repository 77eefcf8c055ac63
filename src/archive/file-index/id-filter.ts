import type { JsonValue } from '../../domain/notification.ts'

/** Bits for each text, and how many of them are set: about one in a hundred others is taken for one of them. */
const BITS_PER_TEXT = 10
const HASHES = 7

const [SHORTEST, LONGEST] = [8, 128]

/**
 * Whether a text is found by the filter. Ids have digits. A text that might have been written from a number, a boolean, a
 * list or an object has another form in the notification; times are too many.
 */
export function isFindable(text: string): boolean {
  if (text.length < SHORTEST || text.length > LONGEST) return false
  const first = text.charCodeAt(0)
  if (first === BRACKET || first === BRACE) return false
  let [hasDigit, hasOther] = [false, false]
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code >= ZERO && code <= NINE) hasDigit = true
    else if (!isOfNumber(code)) hasOther = true
  }
  return hasDigit && hasOther && !(text.charCodeAt(4) === MINUS && TIME.test(text))
}

const [ZERO, NINE, BRACKET, BRACE, MINUS] = [48, 57, 91, 123, 45]
const TIME = /^\d{4}-\d\d-\d\d[T ]/

/** Whether a character other than a digit may stand in a number: `+`, `-`, `.`, `e` or `E`. */
function isOfNumber(code: number): boolean {
  return code === 43 || code === MINUS || code === 46 || code === 101 || code === 69
}

/** Calls `take` with each findable text among the values of a JSON value, however deep. */
export function eachFindable(value: JsonValue, take: (text: string) => void): void {
  if (typeof value === 'string') {
    if (isFindable(value)) take(value)
  } else if (typeof value === 'object' && value !== null) {
    // Twice as fast as a loop over names.
    for (const one of Array.isArray(value) ? value : Object.values(value))
      eachFindable(one as JsonValue, take)
  }
}

/** Returns a filter (of Bloom's kind) of texts, as base64. */
export function createFilter(texts: ReadonlySet<string>): string {
  const bits = Math.max(64, texts.size * BITS_PER_TEXT)
  const bytes = Buffer.alloc(Math.ceil(bits / 8))
  for (const text of texts)
    for (const bit of bitsOf(text, bytes.length * 8))
      bytes[bit >> 3] = (bytes[bit >> 3] as number) | (1 << (bit & 7))
  return bytes.toString('base64')
}

/** Whether a text may be among those of a filter; false where it is certainly not. */
export function mayHold(filter: string, text: string): boolean {
  const bytes = Buffer.from(filter, 'base64')
  return bitsOf(text, bytes.length * 8).every((bit) => ((bytes[bit >> 3] as number) & (1 << (bit & 7))) !== 0)
}

/** Returns the bits of a text: FNV-1a, twice with different beginnings, combined. */
function bitsOf(text: string, bits: number): number[] {
  let [first, second] = [0x811c9dc5, 0x9747b28c]
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    first = Math.imul(first ^ code, 0x01000193)
    second = Math.imul(second ^ code, 0x85ebca6b)
    second ^= second >>> 13
  }
  const step = (second >>> 0) | 1
  return Array.from({ length: HASHES }, (_, index) => ((first >>> 0) + index * step) % bits)
}
