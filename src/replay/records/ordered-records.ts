import type { Micros } from '../../domain/time.ts'
import { FileSource, type FileSourceOptions } from './file-source.ts'
import type { RecordSource, TimedRecord, WindowLimits } from './record.ts'
import { BEGINNING, type FilePlace, type ReplayPlace } from './replay-place.ts'
import type { SourceFile } from './source-files.ts'

export type OrderedFile = Pick<SourceFile, 'file' | 'firstTime'>

export type OrderedRecordsOptions = Pick<FileSourceOptions, 'read' | 'signal'> & {
  /** in order of their first times */
  readonly files: readonly OrderedFile[]
  /** Creates the function that prepares the records of one file. */
  readonly createPrepare: (file: OrderedFile) => FileSourceOptions['prepare']
  /** where to begin */
  readonly from?: ReplayPlace
  /** what all windows together may hold */
  readonly limits?: WindowLimits
}

/** Enough for the disorder of a queue; so much is held in memory. */
const LIMITS: WindowLimits = { records: 1000, bytes: 4 << 20 }
/** A file is opened so much before its time, in case it does not begin with its earliest record. */
const AHEAD: Micros = 600_000_000
/** Fewest records of the window of each file. */
const FEWEST = 100

type Open = { readonly index: number; readonly source: FileSource }

/** The records of several files in order of their times: files that overlap are read side by side. */
export class OrderedRecords implements RecordSource {
  readonly #options: OrderedRecordsOptions
  readonly #limits: WindowLimits
  readonly #places: ReadonlyMap<number, FilePlace>
  #opened: number
  #open: Open[] = []

  constructor(options: OrderedRecordsOptions) {
    const { from = BEGINNING, limits = LIMITS } = options
    this.#options = options
    this.#limits = limits
    this.#opened = from.opened
    this.#places = new Map(from.unfinished.map(({ file, from: place }) => [file, place]))
    for (const { file } of from.unfinished) this.#openFile(file)
  }

  /** Returns the next records, as many as these limits allow; none when there are no more. */
  async next({ records, bytes }: WindowLimits): Promise<TimedRecord[]> {
    const taken: TimedRecord[] = []
    let size = 0
    while (taken.length < records && size < bytes) {
      const record = await this.#one()
      if (!record) break
      taken.push(record)
      size += record.bytes
    }
    return taken
  }

  /** Returns the place from which all records that `next` has not returned yet are read. */
  place(): ReplayPlace {
    const unfinished = this.#open.flatMap(({ index: file, source }) => {
      const from = source.firstUntaken()
      return from === undefined ? [] : [{ file, from }]
    })
    return { opened: this.#opened, unfinished }
  }

  /** Ends reading. */
  async close(): Promise<void> {
    await Promise.all(this.#open.map(({ source }) => source.close()))
  }

  #one(): Promise<TimedRecord | undefined> | TimedRecord | undefined {
    const limits = this.#limitsOfEach()
    if (this.#open.some(({ source }) => source.wants(limits))) return this.#afterFill(limits)
    const first = this.#earliest()
    const file = this.#options.files[this.#opened]
    if (!file || (first && file.firstTime > first.time + AHEAD)) return first?.take()
    this.#openFile(this.#opened++)
    return this.#one()
  }

  /** Fills the windows of all files, and forgets those that are read up. */
  async #afterFill(limits: WindowLimits): Promise<TimedRecord | undefined> {
    for (const { source } of this.#open) if (source.wants(limits)) await source.fill(limits)
    this.#open = this.#open.filter(({ source }) => source.head() !== undefined)
    return this.#one()
  }

  #limitsOfEach(): WindowLimits {
    const count = Math.max(1, this.#open.length)
    return {
      records: Math.max(FEWEST, Math.floor(this.#limits.records / count)),
      bytes: this.#limits.bytes / count,
    }
  }

  #earliest(): { readonly time: Micros; take(): TimedRecord } | undefined {
    let best: FileSource | undefined
    let record: TimedRecord | undefined
    for (const { source } of this.#open) {
      const head = source.head()
      if (head && (!record || head.time < record.time)) [best, record] = [source, head]
    }
    if (!best || !record) return undefined
    const [source, found] = [best, record]
    return {
      time: found.time,
      take() {
        source.take()
        return found
      },
    }
  }

  #openFile(index: number): void {
    const { files, read, signal, createPrepare } = this.#options
    const file = files[index]
    if (!file) return
    const from = this.#places.get(index) ?? 0
    this.#open.push({
      index,
      source: new FileSource({ ...file, read, signal, from, prepare: createPrepare(file) }),
    })
  }
}
