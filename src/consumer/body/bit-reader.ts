/** Reads bits of a buffer, the highest bit of each byte first. Throws RangeError at the end of the buffer. */
export class BitReader {
  readonly #bytes: Buffer
  #at: number
  /** bits that are taken off the buffer and not read yet, in the lowest `#count` bits */
  #held = 0
  #count = 0

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes
    this.#at = at
  }

  /** The index of the next whole byte; the remaining bits of a byte that was begun are passed over. */
  get nextByte(): number {
    return this.#at - (this.#count >> 3)
  }

  /** Returns the next bits as a number; at most 24. */
  read(count: number): number {
    while (this.#count < count) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined) throw new RangeError('it ends too early')
      this.#held = ((this.#held & 0xffffff) << 8) | byte
      this.#count += 8
    }
    this.#count -= count
    return (this.#held >>> this.#count) & ((1 << count) - 1)
  }

  /** Returns the next 32 bits as an unsigned number. */
  read32(): number {
    return this.read(16) * 0x10000 + this.read(16)
  }
}
