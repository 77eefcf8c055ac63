const FIRST_BYTES = 4096
const QUOTE = 0x22
const BACKSLASH = 0x5c

/** Bytes that JSON escapes: quotes, backslashes and those below U+0020. */
const ESCAPED = new Uint8Array(256)
for (let byte = 0; byte < 0x20; byte++) ESCAPED[byte] = 1
ESCAPED[QUOTE] = ESCAPED[BACKSLASH] = 1

/** The same byte in each quarter of a word: 0x20, a quote, a backslash, the least bit, the highest bit. */
const [BLANKS, QUOTES, BACKSLASHES, ONES, HIGHEST] = [
  0x20202020, 0x22222222, 0x5c5c5c5c, 0x01010101, 0x80808080,
]

/** Finds bytes that JSON escapes, four at a time. It looks through a copy of the bytes, whose words are aligned. */
export class EscapeScan {
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES)
  #words = new Int32Array(this.#bytes.buffer)
  #length = 0

  /** Takes bytes to look through. Returns the copy, of which the first `end - from` bytes are theirs. */
  take(bytes: Buffer, from: number, end: number): Buffer {
    this.#length = end - from
    if (this.#length > this.#bytes.length) {
      this.#bytes = Buffer.allocUnsafeSlow((2 * this.#length + 3) & ~3)
      this.#words = new Int32Array(this.#bytes.buffer)
    }
    bytes.copy(this.#bytes, 0, from, end)
    return this.#bytes
  }

  /** Returns the index of the next byte to escape; the length of the bytes where there is none. */
  next(from: number): number {
    const [bytes, words, end] = [this.#bytes, this.#words, this.#length]
    let at = from
    for (;;) {
      // Up to the begin of a word, or through one that may hold such a byte.
      const stop = Math.min(end, (at & ~3) + 4)
      for (; at < stop; at++) if (ESCAPED[bytes[at] as number] === 1) return at
      if (at === end) return end
      let word = at >> 2
      for (const last = end >> 2; word < last; word++) if (mayHold(words[word] as number)) break
      at = word << 2
      if (at >= end) return end
    }
  }
}

/** Whether a word may hold a byte to escape. It does where one is, and hardly ever elsewhere. */
function mayHold(word: number): boolean {
  const quotes = word ^ QUOTES
  const backslashes = word ^ BACKSLASHES
  const low = (word - BLANKS) & ~word
  const same = ((quotes - ONES) & ~quotes) | ((backslashes - ONES) & ~backslashes)
  return ((low | same) & HIGHEST) !== 0
}
