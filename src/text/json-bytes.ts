const [QUOTE, BACKSLASH, COMMA, COLON, MINUS, DOT, ZERO] = [34, 92, 44, 58, 45, 46, 48]
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [91, 93, 123, 125]
const [UPPER_E, LOWER_E, PLUS, LOWER_U] = [69, 101, 43, 117]
const WORDS = ['true', 'false', 'null', 'NaN', 'Infinity', '-Infinity'].map((word) => Buffer.from(word))
const ESCAPED = new Set(Buffer.from('"\\/bfnrt'))

/**
 * Whether bytes are a JSON document as Python writes it, NaN and Infinity included. Builds no values: the
 * time is proportional to the number of bytes, the memory is one bit per level of nesting.
 */
export function isJsonBytes(bytes: Buffer): boolean {
  return faultInJson(bytes) < 0
}

/** Returns the index of the first token that does not belong into a JSON document; -1 where there is none. */
export function faultInJson(bytes: Buffer): number {
  const nesting = new Nesting()
  let at = skipBlanks(bytes, 0)
  for (;;) {
    // A value begins here.
    const begin = at
    const code = bytes[at]
    if (code === OPEN_LIST || code === OPEN_OBJECT) {
      const next = skipBlanks(bytes, at + 1)
      const isObject = code === OPEN_OBJECT
      if (bytes[next] !== (isObject ? CLOSE_OBJECT : CLOSE_LIST)) {
        nesting.open(isObject)
        at = isObject ? afterKey(bytes, next) : next
        if (at < 0) return next
        continue
      }
      at = next + 1
    } else at = afterScalar(bytes, at)
    if (at < 0) return begin
    // The value has ended here, and perhaps lists and objects around it.
    at = skipBlanks(bytes, at)
    while (nesting.depth > 0 && bytes[at] === (nesting.isObject ? CLOSE_OBJECT : CLOSE_LIST)) {
      nesting.close()
      at = skipBlanks(bytes, at + 1)
    }
    if (nesting.depth === 0) return at === bytes.length ? -1 : at
    if (bytes[at] !== COMMA) return at
    const key = skipBlanks(bytes, at + 1)
    at = nesting.isObject ? afterKey(bytes, key) : key
    if (at < 0) return key
  }
}

/** Remembers which open levels of nesting are objects, one bit per level. */
export class Nesting {
  #bits = new Uint8Array(64)
  depth = 0

  /** Whether the innermost open level is an object. */
  get isObject(): boolean {
    const level = this.depth - 1
    return ((this.#bits[level >> 3] as number) & (1 << (level & 7))) !== 0
  }

  open(isObject: boolean): void {
    const place = this.depth >> 3
    if (place === this.#bits.length) {
      const more = new Uint8Array(place * 2)
      more.set(this.#bits)
      this.#bits = more
    }
    const bit = 1 << (this.depth & 7)
    this.#bits[place] = isObject ? (this.#bits[place] as number) | bit : (this.#bits[place] as number) & ~bit
    this.depth++
  }

  close(): void {
    this.depth--
  }
}

function skipBlanks(bytes: Buffer, from: number): number {
  let at = from
  for (let code = bytes[at]; code === 32 || code === 10 || code === 13 || code === 9; code = bytes[at]) at++
  return at
}

/** Returns the index where the value after a key begins; -1 where there is no key with its colon. */
function afterKey(bytes: Buffer, from: number): number {
  if (bytes[from] !== QUOTE) return -1
  const end = afterText(bytes, from)
  if (end < 0) return -1
  const at = skipBlanks(bytes, end)
  return bytes[at] === COLON ? skipBlanks(bytes, at + 1) : -1
}

/** Returns the index after a text, a word or a number; -1 where there is none. */
function afterScalar(bytes: Buffer, from: number): number {
  if (bytes[from] === QUOTE) return afterText(bytes, from)
  for (const word of WORDS) {
    if (bytes[from] === word[0] && bytes.subarray(from, from + word.length).equals(word))
      return from + word.length
  }
  return afterNumber(bytes, from)
}

/** Returns the index after a quoted text; -1 where there is no valid one. */
function afterText(bytes: Buffer, from: number): number {
  for (let at = from + 1; at < bytes.length; at++) {
    const code = bytes[at] as number
    if (code === QUOTE) return at + 1
    if (code < 32) return -1
    if (code !== BACKSLASH) continue
    const escaped = bytes[++at] as number
    if (escaped === LOWER_U) {
      if (!/^[0-9a-f]{4}$/i.test(bytes.toString('latin1', at + 1, at + 5))) return -1
      at += 4
    } else if (!ESCAPED.has(escaped)) return -1
  }
  return -1
}

/** Returns the index after a number; -1 where there is none. */
function afterNumber(bytes: Buffer, from: number): number {
  const begin = bytes[from] === MINUS ? from + 1 : from
  let at = bytes[begin] === ZERO ? begin + 1 : afterDigits(bytes, begin)
  if (at > 0 && bytes[at] === DOT) at = afterDigits(bytes, at + 1)
  if (at > 0 && (bytes[at] === LOWER_E || bytes[at] === UPPER_E)) {
    const isSigned = bytes[at + 1] === PLUS || bytes[at + 1] === MINUS
    at = afterDigits(bytes, at + (isSigned ? 2 : 1))
  }
  return at
}

/** Returns the index after one digit or more; -1 where there is none. */
function afterDigits(bytes: Buffer, from: number): number {
  let at = from
  for (let code = bytes[at]; code !== undefined && code >= 48 && code <= 57; code = bytes[at]) at++
  return at > from ? at : -1
}
