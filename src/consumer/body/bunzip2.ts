import { BitReader } from './bit-reader.ts'
import { Huffman } from './huffman.ts'

/** Thrown when the unpacked data would be larger than allowed. */
export class TooLargeError extends Error {}

const [BLOCK, END] = [0x314159265359, 0x177245385090]
const SYMBOLS_PER_SELECTOR = 50
const BLOCK_BYTES = 100_000
/** A byte that follows so many equal ones is the count of further ones. */
const RUN = 4

/**
 * Unpacks data of bzip2, also several streams in a row. Throws TooLargeError for more than `mostBytes`, and
 * RangeError for data that is damaged or not of bzip2.
 */
export function bunzip2(packed: Buffer, mostBytes: number): Buffer {
  const output = new Output(mostBytes)
  let at = 0
  do at = unpackStream(packed, at, output)
  while (packed.subarray(at, at + 3).toString('latin1') === 'BZh')
  return output.bytes
}

/** Unpacks the stream that begins at an index. Returns the index after it. */
function unpackStream(packed: Buffer, at: number, output: Output): number {
  const [, level] = /^BZh([1-9])$/.exec(packed.toString('latin1', at, at + 4)) ?? []
  if (level === undefined) throw new RangeError('it has no header')
  const bits = new BitReader(packed, at + 4)
  const table = new Uint32Array(Number(level) * BLOCK_BYTES)
  let checkOfAll = 0
  for (;;) {
    const magic = bits.read(24) * 0x1000000 + bits.read(24)
    const check = bits.read32()
    if (magic === END) {
      if (check !== checkOfAll) throw new RangeError('its check sum is wrong')
      return bits.nextByte
    }
    if (magic !== BLOCK) throw new RangeError('it has no block where one should begin')
    const { length, first } = readBlock(bits, table)
    output.beginBlock()
    writeBlock(table, length, first, output)
    if (output.check !== check) throw new RangeError('its check sum is wrong')
    checkOfAll = (((checkOfAll << 1) | (checkOfAll >>> 31)) ^ check) >>> 0
  }
}

/**
 * Reads a block into the table: a byte in the lowest 8 bits of each entry, and above them the index of the entry
 * that follows in the text. Returns the number of entries, and where the text begins.
 */
function readBlock(bits: BitReader, table: Uint32Array): { readonly length: number; readonly first: number } {
  if (bits.read(1) === 1) throw new RangeError('it is of a version before 0.9.5')
  const origin = bits.read(24)
  const used = readUsed(bits)
  const codes = bits.read(3)
  const selectors = readSelectors(bits, codes)
  const trees = Array.from({ length: codes }, () => new Huffman(readLengths(bits, used.length + 2)))
  const counts = new Uint32Array(256)
  let length = 0
  const add = (byte: number, times: number) => {
    if (length + times > table.length) throw new RangeError('a block is longer than its header allows')
    counts[byte] = (counts[byte] as number) + times
    table.fill(byte, length, length + times)
    length += times
  }
  readBytes(bits, trees, selectors, used, add)
  if (origin >= length) throw new RangeError('a block begins behind its end')
  link(table, length, counts)
  return { length, first: (table[origin] as number) >>> 8 }
}

/** Reads which bytes occur. */
function readUsed(bits: BitReader): number[] {
  const groups = bits.read(16)
  const used: number[] = []
  for (let group = 0; group < 16; group++) {
    if (!(groups & (0x8000 >> group))) continue
    const members = bits.read(16)
    for (let member = 0; member < 16; member++) {
      if (members & (0x8000 >> member)) used.push(group * 16 + member)
    }
  }
  if (used.length === 0) throw new RangeError('a block has no bytes')
  return used
}

/** Reads which tree is used for each group of symbols. */
function readSelectors(bits: BitReader, codes: number): number[] {
  if (codes < 2 || codes > 6) throw new RangeError('it has a wrong number of codes')
  const recent = Array.from({ length: codes }, (_, index) => index)
  return Array.from({ length: bits.read(15) }, () => {
    let place = 0
    while (bits.read(1) === 1) if (++place >= codes) throw new RangeError('it names a code that is not there')
    return toFront(recent, place)
  })
}

/** Moves a member of a list to its front and returns it. */
function toFront(list: number[], place: number): number {
  const [member = 0] = list.splice(place, 1)
  list.unshift(member)
  return member
}

function readLengths(bits: BitReader, count: number): number[] {
  let length = bits.read(5)
  return Array.from({ length: count }, () => {
    while (bits.read(1) === 1) length += bits.read(1) === 1 ? -1 : 1
    if (length < 1 || length > 20) throw new RangeError('it has a code of a wrong length')
    return length
  })
}

/** Reads the bytes of a block, and calls `add` with each and how often it stands there in a row. */
function readBytes(
  bits: BitReader,
  trees: readonly Huffman[],
  selectors: readonly number[],
  used: readonly number[],
  add: (byte: number, times: number) => void,
): void {
  const recent = [...used]
  const end = used.length + 1
  let [times, weight] = [0, 1]
  for (const selector of selectors) {
    const tree = trees[selector] as Huffman
    for (let count = 0; count < SYMBOLS_PER_SELECTOR; count++) {
      const symbol = tree.read(bits)
      if (symbol < 2) {
        // Symbols 0 and 1 are the digits 1 and 2 of a number in base 2, the lowest first.
        times += weight * (symbol + 1)
        weight *= 2
        if (times > 10 * BLOCK_BYTES) throw new RangeError('a block is longer than its header allows')
        continue
      }
      if (times > 0) add(recent[0] as number, times)
      times = 0
      weight = 1
      if (symbol === end) return
      add(toFront(recent, symbol - 1), 1)
    }
  }
  throw new RangeError('a block has no end')
}

/** Links the entries in the order of the text: undoes the Burrows-Wheeler transform. */
function link(table: Uint32Array, length: number, counts: Uint32Array): void {
  const next = new Uint32Array(256)
  for (let byte = 1; byte < 256; byte++) {
    next[byte] = (next[byte - 1] as number) + (counts[byte - 1] as number)
  }
  for (let index = 0; index < length; index++) {
    const byte = (table[index] as number) & 0xff
    const place = next[byte] as number
    next[byte] = place + 1
    table[place] = ((table[place] as number) & 0xff) | (index << 8)
  }
}

function writeBlock(table: Uint32Array, length: number, first: number, output: Output): void {
  let at = first
  let [last, inARow] = [-1, 0]
  for (let index = 0; index < length; index++) {
    const entry = table[at] as number
    const byte = entry & 0xff
    at = entry >>> 8
    if (inARow === RUN) {
      output.write(last, byte)
      inARow = 0
      last = -1
      continue
    }
    inARow = byte === last ? inARow + 1 : 1
    last = byte
    output.write(byte, 1)
  }
}

/** The table of the check sum, for one byte at a time. */
const CHECKS = Uint32Array.from({ length: 256 }, (_, byte) => {
  let check = byte << 24
  for (let bit = 0; bit < 8; bit++) check = check & 0x80000000 ? (check << 1) ^ 0x04c11db7 : check << 1
  return check >>> 0
})

/** The unpacked bytes, with the check sum of the present block. */
class Output {
  readonly #mostBytes: number
  #buffer = Buffer.allocUnsafe(64 * 1024)
  #length = 0
  #check = 0xffffffff

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes
  }

  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }

  get check(): number {
    return ~this.#check >>> 0
  }

  beginBlock(): void {
    this.#check = 0xffffffff
  }

  write(byte: number, times: number): void {
    const end = this.#length + times
    if (end > this.#mostBytes) throw new TooLargeError('the unpacked data is too large')
    if (end > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(2 * this.#buffer.length)
      this.#buffer.copy(larger, 0, 0, this.#length)
      this.#buffer = larger
    }
    for (; this.#length < end; this.#length++) {
      this.#buffer[this.#length] = byte
      this.#check = (this.#check << 8) ^ (CHECKS[((this.#check >>> 24) ^ byte) & 0xff] as number)
    }
  }
}
