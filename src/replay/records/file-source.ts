import { setImmediate as immediate } from 'node:timers/promises'
import type { PrepareRecord } from './prepare-record.ts'
import type { RawRecord, ReadFile, TimedRecord, WindowLimits } from './record.ts'
import { ReorderWindow } from './reorder-window.ts'
import type { FilePlace } from './replay-place.ts'

/** So many records are prepared without a pause. */
const AT_ONCE = 10
/** A window is filled again when it holds less than this share. */
const REFILLED = 3 / 4

export type FileSourceOptions = {
  readonly file: string
  readonly read: ReadFile
  readonly prepare: PrepareRecord
  readonly signal: AbortSignal
  /** records that end here or before are passed over */
  readonly from: FilePlace
}

/** The wanted records of one file, in order of their times as far as a window reaches. */
export class FileSource {
  readonly file: string
  readonly #options: FileSourceOptions
  readonly #window = new ReorderWindow()
  readonly #batches: AsyncIterator<readonly RawRecord[]>
  #batch: readonly RawRecord[] = []
  #at = 0
  /** the end of the last record that was looked at */
  #end: FilePlace
  #isEnded = false

  constructor(options: FileSourceOptions) {
    this.file = options.file
    this.#options = options
    this.#end = options.from
    this.#batches = options.read(options.file, options.signal)[Symbol.asyncIterator]()
  }

  /** Whether the window has much room and the file has more. Then `fill` is to be called before `head`. */
  wants({ records, bytes }: WindowLimits): boolean {
    return !this.#isEnded && !this.#window.isFull({ records: records * REFILLED, bytes: bytes * REFILLED })
  }

  /** Reads on until the window is full or the file ends. */
  async fill(limits: WindowLimits): Promise<void> {
    for (let count = 1; !this.#isEnded && !this.#window.isFull(limits); count++) {
      if (this.#at < this.#batch.length) this.#add(this.#batch[this.#at++] as RawRecord)
      else await this.#nextBatch()
      // Replies of the database to the batch before must not wait.
      if (count % AT_ONCE === 0) await immediate()
    }
  }

  /** Returns the earliest record; undefined when there is none any more. */
  head(): TimedRecord | undefined {
    return this.#window.head()
  }

  /** Removes the earliest record. */
  take(): void {
    this.#window.take()
  }

  /** Returns the place from which all records are read that have not been taken; undefined when all have. */
  firstUntaken(): FilePlace | undefined {
    return this.#window.firstBegin() ?? (this.#isEnded ? undefined : this.#end)
  }

  /** Ends reading. */
  async close(): Promise<void> {
    this.#isEnded = true
    await this.#batches.return?.()
  }

  async #nextBatch(): Promise<void> {
    this.#at = 0
    this.#batch = []
    const next = await this.#batches.next()
    if (next.done) this.#isEnded = true
    else this.#batch = next.value
  }

  #add(raw: RawRecord): void {
    if (raw.end <= this.#options.from) return
    this.#end = raw.end
    const record = this.#options.prepare(raw)
    if (record) this.#window.add(record)
  }
}
