const LOW_BITS = 0x7fn

/** Returns how many bytes a whole number below 2^53 takes as a varint. */
export function varintLength(value: number): number {
  let length = 1
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length++
  return length
}

/** Writes a whole number below 2^53 as a varint, and returns the index behind it. */
export function writeVarint(target: Buffer, at: number, value: number): number {
  let index = at
  let rest = value
  while (rest >= 0x80) {
    target[index++] = (rest % 0x80) | 0x80
    rest = Math.floor(rest / 0x80)
  }
  target[index++] = rest
  return index
}

/** Returns a whole number of 64 bits as a varint; negative ones take ten bytes. */
export function varintOf(value: bigint): Buffer {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, value)
  while (rest >= 0x80n) {
    bytes.push(Number(rest & LOW_BITS) | 0x80)
    rest >>= 7n
  }
  bytes.push(Number(rest))
  return Buffer.from(bytes)
}

/** Returns the index behind the varint that begins at an index; -1 where it is cut or longer than 64 bits. */
export function endOfVarint(bytes: Uint8Array, at: number): number {
  for (let index = at; index < bytes.length && index < at + 10; index++) {
    const byte = bytes[index] as number
    if (byte < 0x80) return index === at + 9 && byte > 1 ? -1 : index + 1
  }
  return -1
}

/** Returns the value of the varint between two indexes as a number; inexact above 2^53. */
export function varintNumber(bytes: Uint8Array, at: number, end: number): number {
  let value = 0
  for (let index = end - 1; index >= at; index--) value = value * 0x80 + ((bytes[index] as number) & 0x7f)
  return value
}

/** Returns the value of the varint between two indexes, unsigned. */
export function varintBigInt(bytes: Uint8Array, at: number, end: number): bigint {
  let value = 0n
  for (let index = end - 1; index >= at; index--)
    value = (value << 7n) | BigInt((bytes[index] as number) & 0x7f)
  return value
}
