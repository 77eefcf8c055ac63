import { WireError } from './wire-error.ts'

const LONGEST_VARINT = 10
const TWO_TO_32 = 2 ** 32

/** Wire types of protobuf. */
export const VARINT = 0
export const FIXED64 = 1
export const DELIMITED = 2
const GROUP = 3
const GROUP_END = 4
const FIXED32 = 5

/**
 * Reads protobuf's primitives out of a part of some bytes, one after the other. Its methods throw WireError where the
 * part ends too early. One reader serves for many messages, so that nothing is allocated for a value.
 */
export class ByteReader {
  bytes: Buffer = Buffer.alloc(0)
  /** the next byte to read, and the end of the part */
  at = 0
  end = 0
  /** the halves of the last varint, each as an unsigned number of 32 bits */
  low = 0
  high = 0
  /** whether every varint was written as short as can be */
  isShortest = true
  /** where the first byte of the message stands in `bytes`, for the places in errors */
  #origin = 0

  /** Begins to read at another part. */
  begin(bytes: Buffer, from: number, end: number): void {
    this.bytes = bytes
    this.at = this.#origin = from
    this.end = end
    this.isShortest = true
  }

  /** Reads a varint into `low` and `high`. Returns its value, which is exact below 2^53. */
  varint(): number {
    const { bytes, end } = this
    const from = this.at
    if (from >= end) this.fail('ends within a number')
    const first = bytes[from] as number
    if (first < 0x80) {
      this.at = from + 1
      this.low = first
      this.high = 0
      return first
    }
    return this.#longVarint(bytes, from, end)
  }

  /** Reads the length of what follows, which has to be there. Returns its end. */
  length(): number {
    const length = this.varint()
    const end = this.at + length
    if (end > this.end) this.fail(`holds a length of ${length} where ${this.end - this.at} bytes follow`)
    return end
  }

  /** Skips the value of a field by its wire type, groups with all that is in them. */
  skip(wireType: number): void {
    let depth = 0
    let type = wireType
    for (;;) {
      if (type === VARINT) this.varint()
      else if (type === FIXED64) this.#skipBytes(8)
      else if (type === DELIMITED) this.at = this.length()
      else if (type === GROUP) depth++
      else if (type === FIXED32) this.#skipBytes(4)
      else if (type !== GROUP_END) this.fail(`holds the wire type ${type}, which is none`)
      else if (depth > 0) depth--
      if (depth === 0) return
      type = this.tag() & 7
    }
  }

  /** Reads number and wire type of a field. */
  tag(): number {
    const tag = this.varint()
    if (this.high !== 0) this.fail('holds a field number of more than 32 bits')
    return tag
  }

  /** Throws a WireError with the place of the next byte. */
  fail(fault: string): never {
    throw new WireError(`byte ${this.at - this.#origin}: the protobuf message ${fault}`)
  }

  #skipBytes(count: number): void {
    if (this.at + count > this.end) this.fail('ends within a number')
    this.at += count
  }

  #longVarint(bytes: Buffer, from: number, end: number): number {
    const last = Math.min(end, from + LONGEST_VARINT)
    let low = 0
    let high = 0
    for (let at = from, shift = 0; at < last; at++, shift += 7) {
      const byte = bytes[at] as number
      const bits = byte & 0x7f
      if (shift < 28) low |= bits << shift
      else if (shift === 28) {
        low |= bits << 28
        high = bits >>> 4
      } else if (shift < 64) high |= bits << (shift - 32)
      if (byte >= 0x80) continue
      if (byte === 0 || (shift === 63 && byte > 1)) this.isShortest = false
      this.at = at + 1
      this.low = low >>> 0
      this.high = high >>> 0
      return this.high * TWO_TO_32 + this.low
    }
    return this.fail(
      end - from < LONGEST_VARINT ? 'ends within a number' : 'holds a number of over ten bytes',
    )
  }
}

/** Returns the halves of a varint as a signed number of 64 bits. */
export function signed64(low: number, high: number): bigint {
  return (BigInt(high | 0) << 32n) | BigInt(low)
}
