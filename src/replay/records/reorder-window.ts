import type { TimedRecord, WindowLimits } from './record.ts'

/**
 * Puts records that are mildly out of order into the order of their times: the earliest leaves when more have come
 * than the window holds. Records of the same time keep their order. A single record from far ahead stays in the window
 * and moves nothing.
 */
export class ReorderWindow {
  /** in order of time; those before `#first` have left */
  #records: TimedRecord[] = []
  #first = 0
  #bytes = 0

  get isEmpty(): boolean {
    return this.#first === this.#records.length
  }

  /** Whether the window holds as much as it may. */
  isFull({ records, bytes }: WindowLimits): boolean {
    return this.#records.length - this.#first >= records || this.#bytes >= bytes
  }

  add(record: TimedRecord): void {
    let at = this.#records.length
    while (at > this.#first && (this.#records[at - 1] as TimedRecord).time > record.time) at--
    if (at === this.#records.length) this.#records.push(record)
    else this.#records.splice(at, 0, record)
    this.#bytes += record.bytes
  }

  /** Returns the earliest record and leaves it in the window; undefined when there is none. */
  head(): TimedRecord | undefined {
    return this.#records[this.#first]
  }

  /** Removes the earliest record. */
  take(): void {
    const record = this.#records[this.#first]
    if (!record) return
    this.#bytes -= record.bytes
    this.#first++
    if (this.#first < SWEPT && !this.isEmpty) return
    this.#records = this.#records.slice(this.#first)
    this.#first = 0
  }

  /** Returns the first place in the file at which a record of the window begins; undefined when it is empty. */
  firstBegin(): number | undefined {
    let lowest: number | undefined
    for (let at = this.#first; at < this.#records.length; at++) {
      const { begin } = this.#records[at] as TimedRecord
      if (lowest === undefined || begin < lowest) lowest = begin
    }
    return lowest
  }
}

/** So many places of records that have left are kept before the list is copied. */
const SWEPT = 1024
