import type { Metadata } from '../archive.ts'
import type { ReadRecord, RecordParser } from '../format.ts'

const LINE_FEED = 10
const NONE: Metadata = []

/** Reads files with one message a line. A last line without its end is a record too. */
export class LineParser implements RecordParser {
  #at: number
  #open: Buffer[] = []

  /** `at` is the number of bytes before those that will be pushed. */
  constructor(at = 0) {
    this.#at = at
  }

  push(bytes: Buffer): readonly ReadRecord[] {
    const records: ReadRecord[] = []
    let from = 0
    for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, from)) {
      const piece = bytes.subarray(from, end)
      records.push(this.#record(this.#open.length === 0 ? piece : this.#joined(piece), 1))
      from = end + 1
    }
    if (from < bytes.length) this.#open.push(bytes.subarray(from))
    return records
  }

  end(): readonly ReadRecord[] {
    return this.#open.length === 0 ? [] : [this.#record(this.#joined(Buffer.alloc(0)), 0)]
  }

  #joined(last: Buffer): Buffer {
    const line = Buffer.concat([...this.#open, last])
    this.#open = []
    return line
  }

  #record(payload: Buffer, endBytes: number): ReadRecord {
    const at = this.#at
    const length = payload.length + endBytes
    this.#at += length
    return { at, length, payload, metadata: NONE }
  }
}
