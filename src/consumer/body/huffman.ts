import type { BitReader } from './bit-reader.ts'

const LONGEST = 20

/** Decodes symbols by their code lengths, from 1 to 20 bits; shorter codes come first, then lower symbols. */
export class Huffman {
  /** for each length, the highest code of this length; -1 when there is none */
  readonly #last = new Int32Array(LONGEST + 1).fill(-1)
  /** for each length, what is added to a code to get its index in `#symbols` */
  readonly #offset = new Int32Array(LONGEST + 1)
  readonly #symbols: number[] = []

  constructor(lengths: readonly number[]) {
    let code = 0
    for (let length = 1; length <= LONGEST; length++) {
      this.#offset[length] = this.#symbols.length - code
      for (const [symbol, its] of lengths.entries()) {
        if (its !== length) continue
        this.#symbols.push(symbol)
        this.#last[length] = code++
      }
      code <<= 1
    }
  }

  /** Reads the next symbol. Throws RangeError when the bits are no code. */
  read(bits: BitReader): number {
    let code = 0
    for (let length = 1; length <= LONGEST; length++) {
      code = (code << 1) | bits.read(1)
      if (code <= (this.#last[length] as number)) {
        const symbol = this.#symbols[code + (this.#offset[length] as number)]
        if (symbol !== undefined) return symbol
      }
    }
    throw new RangeError('it has bits that are no code')
  }
}
