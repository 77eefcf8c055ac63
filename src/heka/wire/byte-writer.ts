import { DELIMITED, VARINT } from './byte-reader.ts'

const FIRST_BYTES = 1024

/** Writes protobuf's primitives into bytes that grow. Numbers and lengths are written as short as can be. */
export class ByteWriter {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES)
  #length = 0

  /** Returns what was written, copied. */
  written(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#length))
  }

  /** Forgets what was written. */
  clear(): void {
    this.#length = 0
  }

  byte(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#length++] = value
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  double(value: number): void {
    this.#reserve(8)
    this.#bytes.writeDoubleLE(value, this.#length)
    this.#length += 8
  }

  /** Writes a whole number from 0 to 2^53. */
  varint(value: number): void {
    let rest = value
    while (rest >= 0x80) {
      this.byte((rest % 0x80) | 0x80)
      rest = Math.floor(rest / 0x80)
    }
    this.byte(rest)
  }

  /** Writes a signed number of 64 bits. */
  varint64(value: bigint): void {
    let rest = BigInt.asUintN(64, value)
    while (rest >= 0x80n) {
      this.byte(Number(rest & 0x7fn) | 0x80)
      rest >>= 7n
    }
    this.byte(Number(rest))
  }

  /** Writes a field with bytes; none where they are undefined. */
  bytes(number: number, bytes: Uint8Array | undefined): void {
    if (bytes === undefined) return
    this.varint((number << 3) | DELIMITED)
    this.varint(bytes.length)
    this.raw(bytes)
  }

  /** Writes a field with a number of 32 bits, a negative one in five bytes; none where it is undefined. */
  int32(number: number, value: number | undefined): void {
    if (value === undefined) return
    this.varint((number << 3) | VARINT)
    this.varint(value >>> 0)
  }

  /** Writes a field with a number of 64 bits; none where it is undefined. */
  int64(number: number, value: bigint | undefined): void {
    if (value === undefined) return
    this.varint((number << 3) | VARINT)
    this.varint64(value)
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, this.#length + count))
    this.#bytes.copy(grown, 0, 0, this.#length)
    this.#bytes = grown
  }
}
