import type { Metadata } from '../archive.ts'
import type { OnDamage, ReadRecord, RecordParser } from '../format.ts'
import { AT, INT32, MAGIC, PAIR_LENGTHS, VERSION } from './layout.ts'

/** Larger blocks are taken for damage: no message is as large. */
const LARGEST_METADATA = 16 << 20
const LARGEST_RAW = 1 << 30

/** What stands at a place: a record of so many bytes, not enough bytes to know, or no record. */
type Found =
  | { readonly kind: 'record'; readonly length: number; readonly metadataLength: number }
  | { readonly kind: 'more'; readonly wanted: number }
  | { readonly kind: 'damage'; readonly reason: string }

/**
 * Reads binary files: see layout.ts. What is no record is reported, once it is known where the next one begins.
 */
export class ShoeboxParser implements RecordParser {
  readonly #onDamage: OnDamage
  /** bytes that were pushed and are not read, in pieces, and how many of them are wanted to go on */
  #pieces: Buffer[] = []
  #bytes = 0
  #wanted = 0
  /** number of bytes before them */
  #at: number
  #damage: { readonly at: number; readonly reason: string } | undefined

  /** `at` is the number of bytes before those that will be pushed. */
  constructor(onDamage: OnDamage, at = 0) {
    this.#onDamage = onDamage
    this.#at = at
  }

  push(bytes: Buffer): readonly ReadRecord[] {
    const records: ReadRecord[] = []
    const rest = this.#bytes > 0 ? this.#complete(bytes, records) : bytes
    if (rest) this.#read(rest, false, records)
    return records
  }

  end(): readonly ReadRecord[] {
    const records: ReadRecord[] = []
    if (this.#bytes > 0) this.#read(Buffer.concat(this.#pieces), true, records)
    this.#endDamage(this.#at)
    return records
  }

  /**
   * Completes the record that was begun, with as many bytes as it needs: joined with all of them it would cost a copy of
   * everything. Returns the bytes that are to be read then; undefined where more are needed.
   */
  #complete(bytes: Buffer, records: ReadRecord[]): Buffer | undefined {
    for (let at = 0; ; ) {
      const missing = this.#wanted - this.#bytes
      if (bytes.length - at < missing) {
        this.#pieces.push(bytes.subarray(at))
        this.#bytes += bytes.length - at
        return undefined
      }
      const begun = Buffer.concat([...this.#pieces, bytes.subarray(at, at + Math.max(0, missing))])
      at += Math.max(0, missing)
      const found = lookAt(begun, 0)
      if (found.kind === 'more') {
        this.#pieces = [begun]
        this.#bytes = begun.length
        this.#wanted = found.wanted
      } else if (found.kind === 'record' && found.length === begun.length) {
        this.#endDamage(this.#at)
        records.push(recordAt(begun, 0, found, this.#at))
        this.#at += begun.length
        return bytes.subarray(at)
      } else return Buffer.concat([begun, bytes.subarray(at)])
    }
  }

  /** Reads all records of bytes, which begin where the last record ended, and keeps what is left. */
  #read(bytes: Buffer, isEnd: boolean, records: ReadRecord[]): void {
    let from = 0
    this.#wanted = 0
    while (from < bytes.length) {
      const found = lookAt(bytes, from)
      if (found.kind === 'record') {
        this.#endDamage(this.#at + from)
        records.push(recordAt(bytes, from, found, this.#at + from))
        from += found.length
      } else if (found.kind === 'more' && !isEnd) {
        this.#wanted = found.wanted
        break
      } else {
        const reason = found.kind === 'damage' ? found.reason : 'the record is cut off'
        this.#damage ??= { at: this.#at + from, reason }
        from = nextMagic(bytes, from + 1, isEnd)
      }
    }
    this.#pieces = from < bytes.length ? [bytes.subarray(from)] : []
    this.#bytes = bytes.length - from
    this.#at += from
  }

  #endDamage(end: number): void {
    if (!this.#damage) return
    const { at, reason } = this.#damage
    this.#damage = undefined
    this.#onDamage({ at, length: end - at, reason })
  }
}

/** Returns the place of the next magic, or from where on more bytes may begin one. */
function nextMagic(bytes: Buffer, from: number, isEnd: boolean): number {
  const at = bytes.indexOf(MAGIC, from)
  if (at >= 0) return at
  return isEnd ? bytes.length : Math.min(bytes.length, Math.max(from, bytes.length - MAGIC.length + 1))
}

function damage(reason: string): Found {
  return { kind: 'damage', reason }
}

function lookAt(bytes: Buffer, from: number): Found {
  const there = bytes.length - from
  const isMagic = bytes.compare(MAGIC, 0, Math.min(there, INT32), from, from + Math.min(there, INT32)) === 0
  if (!isMagic) return damage('no record begins here')
  if (there < AT.metadata) return { kind: 'more', wanted: AT.metadata }
  const version = bytes.readInt16LE(from + AT.version)
  if (version !== VERSION) return damage(`the record has version ${version}; expected ${VERSION}`)
  const metadataLength = bytes.readInt32LE(from + AT.metadataLength)
  const rawLength = bytes.readInt32LE(from + AT.rawLength)
  const areSane =
    metadataLength >= INT32 &&
    metadataLength <= LARGEST_METADATA &&
    rawLength >= INT32 &&
    rawLength <= LARGEST_RAW &&
    bytes.readInt32LE(from + AT.zero) === 0
  if (!areSane) return damage('the header of the record is broken')
  const payloadAt = AT.metadata + metadataLength + INT32
  if (there < payloadAt) return { kind: 'more', wanted: payloadAt }
  if (!isMetadataWhole(bytes, from + AT.metadata, metadataLength))
    return damage('the lengths in the metadata of the record do not fit')
  if (bytes.readInt32LE(from + payloadAt - INT32) !== rawLength - INT32)
    return damage('the length of the payload does not fit the header of the record')
  const length = AT.metadata + metadataLength + rawLength
  return there < length ? { kind: 'more', wanted: length } : { kind: 'record', length, metadataLength }
}

/** Whether the lengths of names and values add up to the length of their block. */
function isMetadataWhole(bytes: Buffer, at: number, length: number): boolean {
  const numbers = bytes.readInt32LE(at)
  if (numbers === 0) return length === INT32
  if (numbers < 0 || numbers % INT32 !== 0) return false
  const pairs = numbers / INT32
  let sum = INT32 + pairs * PAIR_LENGTHS
  if (sum > length) return false
  for (let index = 0; index < 2 * pairs; index++) {
    const one = bytes.readInt32LE(at + INT32 + index * INT32)
    if (one < 0) return false
    sum += one
  }
  return sum === length
}

function recordAt(
  bytes: Buffer,
  from: number,
  { length, metadataLength }: { readonly length: number; readonly metadataLength: number },
  at: number,
): ReadRecord {
  return new ShoeboxRecord(at, length, bytes, from, metadataLength)
}

/** A record whose metadata is read when it is asked for: most readers do not. */
class ShoeboxRecord implements ReadRecord {
  readonly at: number
  readonly length: number
  readonly payload: Buffer
  readonly #bytes: Buffer
  readonly #block: number

  constructor(at: number, length: number, bytes: Buffer, from: number, metadataLength: number) {
    this.at = at
    this.length = length
    this.#bytes = bytes
    this.#block = from + AT.metadata
    this.payload = bytes.subarray(this.#block + metadataLength + INT32, from + length)
  }

  get metadata(): Metadata {
    return metadataAt(this.#bytes, this.#block)
  }
}

function metadataAt(bytes: Buffer, block: number): Metadata {
  const pairs = bytes.readInt32LE(block) / INT32
  let at = block + INT32 + pairs * PAIR_LENGTHS
  const next = (index: number) => {
    const end = at + bytes.readInt32LE(block + INT32 + index * INT32)
    const text = bytes.toString('utf8', at, end)
    at = end
    return text
  }
  return Array.from({ length: pairs }, (_, pair) => [next(2 * pair), next(2 * pair + 1)] as const)
}
