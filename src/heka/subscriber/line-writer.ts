import { isUtf8 } from 'node:buffer'
import { utf8Text } from '../../text/utf8-text.ts'
import { EscapeScan } from './escape-scan.ts'

const FIRST_BYTES = 4096
const HEX = Buffer.from('0123456789abcdef')
const ESCAPE = Buffer.from('\\u00')
const QUOTE = 0x22

/** Writes JSON as the subscriber of lagermeister does, into bytes that grow. */
export class LineWriter {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES)
  #length = 0
  readonly #scan = new EscapeScan()

  /** Returns what was written, copied, and begins anew. */
  take(): Buffer {
    const taken = Buffer.from(this.#bytes.subarray(0, this.#length))
    this.#length = 0
    return taken
  }

  /** Writes ASCII as it is. */
  ascii(text: string): void {
    this.#reserve(text.length)
    this.#length += this.#bytes.write(text, this.#length, 'latin1')
  }

  /** Writes a text as UTF-8, and a line feed. */
  line(text: string): void {
    this.#reserve(3 * text.length + 1)
    this.#length += this.#bytes.write(text, this.#length, 'utf8')
    this.#length += this.#bytes.write('\n', this.#length)
  }

  /** Writes a part of some bytes as a text in quotes. Each byte that is no UTF-8 becomes U+FFFD. */
  text(bytes: Buffer, from = 0, end = bytes.length): void {
    if (isUtf8(bytes.subarray(from, end))) this.#quoted(bytes, from, end)
    else {
      const repaired = Buffer.from(utf8Text(bytes.subarray(from, end)))
      this.#quoted(repaired, 0, repaired.length)
    }
  }

  #quoted(bytes: Buffer, from: number, end: number): void {
    const length = end - from
    // Each byte becomes six at most.
    this.#reserve(6 * length + 2)
    const target = this.#bytes
    const source = this.#scan.take(bytes, from, end)
    let at = this.#length
    target[at++] = QUOTE
    for (let clean = 0; ; ) {
      const next = this.#scan.next(clean)
      at += source.copy(target, at, clean, next)
      if (next === length) break
      const byte = source[next] as number
      at += ESCAPE.copy(target, at)
      target[at++] = HEX[byte >> 4] as number
      target[at++] = HEX[byte & 15] as number
      clean = next + 1
    }
    target[at++] = QUOTE
    this.#length = at
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, this.#length + count))
    this.#bytes.copy(grown, 0, 0, this.#length)
    this.#bytes = grown
  }
}
