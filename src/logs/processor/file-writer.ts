import { closeSync, fdatasync, fstatSync, writev } from 'node:fs'
import { promisify } from 'node:util'
import { messageOf } from '../../domain/errors.ts'
import { Backoff, sleep } from '../../runtime/backoff.ts'
import { withoutFirst } from '../wire/without-first.ts'
import { Refusal } from './open-target.ts'
import type { ProcessorCounters } from './processor-state.ts'
import type { Intent, StreamKey, WrittenJournal } from './written-journal.ts'

const write = promisify(writev)
const sync = promisify(fdatasync)
/** Most pieces and bytes that are written in one go. */
const MOST_PIECES = 256
const MOST_BYTES = 4 << 20

/** A piece to be appended. */
export type Piece = {
  readonly pieces: readonly Buffer[]
  /** of all of them, bytes */
  readonly length: number
  /** where the piece begins, in a stream of one of our collectors; undefined for thunder, of whom nothing is dropped */
  readonly of: (StreamKey & { readonly begin: number }) | undefined
  /** aborts when the connection of one of our collectors is lost, who sends the piece again */
  readonly signal: AbortSignal
}

export type WriterParts = {
  readonly file: Buffer
  /** Opens the file. Throws Refusal, or the system's error. */
  readonly open: () => number
  readonly journal: () => WrittenJournal
  readonly isSynced: boolean
  readonly counters: ProcessorCounters
  /** Called with a failure to write, which is tried again, and with undefined when it is over. */
  readonly onHindrance: (reason: string | undefined) => void
  readonly stopping: AbortSignal
}

type Waiting = { readonly piece: Piece; readonly done: PromiseWithResolvers<void> }
/** What is still to be written of a piece. */
type Rest = { readonly of: Piece['of']; pieces: readonly Buffer[]; length: number; begin: number }

/** The one writer of a file: whole pieces in the order in which they come, and each only once where it can be told. */
export class FileWriter {
  readonly #parts: WriterParts
  readonly #queue: Waiting[] = []
  #fd: number | undefined
  #mustReopen = false
  #running: Promise<void> | undefined
  usedAt = performance.now()
  /** pieces that are about to be appended */
  expected = 0

  constructor(parts: WriterParts, fd: number) {
    this.#parts = parts
    this.#fd = fd
  }

  /** Whether it may be closed. */
  get isIdle(): boolean {
    return this.#running === undefined && this.expected === 0
  }

  /** Resolves when nothing is being written. */
  async rest(): Promise<void> {
    await this.#running
  }

  /** Resolves when a piece is written, or was before. Rejects with Refusal, or when the process stops before. */
  append(piece: Piece): Promise<void> {
    const done = Promise.withResolvers<void>()
    this.#queue.push({ piece, done })
    this.#running ??= this.#run()
    return done.promise
  }

  /** Opens the file by its name again, at once or after what is being written. */
  reopen(): void {
    this.#mustReopen = true
    if (!this.#running) this.#openAnew()
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd)
    this.#fd = undefined
  }

  #openAnew(): void {
    this.#mustReopen = false
    this.close()
    try {
      this.#fd = this.#parts.open()
    } catch (error) {
      // It is tried again with the next piece.
      this.#parts.onHindrance(`cannot open ${this.#parts.file} anew: ${messageOf(error)}`)
    }
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#take()
      this.usedAt = performance.now()
      try {
        await this.#writeAll(batch)
        for (const { done } of batch) done.resolve()
      } catch (error) {
        // What follows must not be written without what was refused before it.
        for (const { done } of [...batch, ...this.#queue.splice(0)]) done.reject(error)
      }
      if (this.#mustReopen) this.#openAnew()
    }
    this.#running = undefined
  }

  /** Takes pieces out of the queue; of a stream only what makes one piece, since the journal knows one that is under way. */
  #take(): Waiting[] {
    let bytes = 0
    const streams = new Set<string>()
    let last: Piece | undefined
    const count = this.#queue.findIndex(({ piece }, index) => {
      bytes += piece.length
      const key = piece.of && `${piece.of.peer}\0${piece.of.stream}`
      const isOver = bytes > MOST_BYTES || index >= MOST_PIECES
      if (index > 0 && (isOver || (key && streams.has(key) && !follows(last, piece)))) return true
      if (key) streams.add(key)
      last = piece
      return false
    })
    return this.#queue.splice(0, count < 0 ? this.#queue.length : count)
  }

  /** Writes pieces, however often it takes. */
  async #writeAll(batch: readonly Waiting[]): Promise<void> {
    const { stopping, onHindrance } = this.#parts
    const backoff = new Backoff({ initialMs: 100, maxMs: 2000 })
    let rests: Rest[] | undefined
    let isHindered = false
    for (;;) {
      try {
        rests ??= this.#restsOf(batch)
        await this.#writeRests(rests)
        if (this.#parts.isSynced && this.#fd !== undefined && rests.length > 0) await sync(this.#fd)
        if (isHindered) onHindrance(undefined)
        return
      } catch (error) {
        if (error instanceof Refusal) throw error
        isHindered = true
        onHindrance(`cannot write ${this.#parts.file}: ${messageOf(error)}`)
      }
      await sleep(backoff.next(), stopping)
      if (stopping.aborted) throw new Error('the process stops')
      if (this.#mustReopen) this.#openAnew()
    }
  }

  /** Returns what is to be written of pieces: nothing of what was written before, or will be sent again. */
  #restsOf(batch: readonly Waiting[]): Rest[] {
    const { journal, counters } = this.#parts
    const rests: Rest[] = []
    for (const { piece } of batch) {
      const { pieces, length, of, signal } = piece
      if (of && signal.aborted) continue
      const known = of ? Math.min(length, Math.max(0, journal().written(of) - of.begin)) : 0
      counters.droppedBytes += known
      if (known > 0 && known === length) counters.duplicates++
      const begin = (of?.begin ?? 0) + known
      if (known < length)
        rests.push({ of, pieces: withoutFirst(pieces, known), length: length - known, begin })
    }
    return rests
  }

  /** Writes as much as can be written, and takes it off the rests. Rejects with the system's error. */
  async #writeRests(rests: Rest[]): Promise<void> {
    this.#fd ??= this.#parts.open()
    const fd = this.#fd
    while (rests.length > 0) {
      const intents = this.#intend(fd, rests)
      const pieces = rests.flatMap((rest) => rest.pieces)
      const { bytesWritten } = await write(fd, pieces)
      this.#parts.counters.writtenBytes += bytesWritten
      this.#advance(rests, bytesWritten, intents)
    }
  }

  #intend(fd: number, rests: readonly Rest[]): readonly Intent[] {
    const { file, journal } = this.#parts
    if (rests.every(({ of }) => of === undefined)) return []
    const { size, dev, ino } = fstatSync(fd, { bigint: true })
    let position = Number(size)
    const intents: Intent[] = []
    for (const { of, length, begin } of rests) {
      const last = intents.at(-1)
      if (of && last && isSame(last, of) && last.begin + last.length === begin)
        intents[intents.length - 1] = { ...last, length: last.length + length }
      else if (of) intents.push({ peer: of.peer, stream: of.stream, file, dev, ino, position, begin, length })
      position += length
    }
    journal().intend(intents)
    return intents
  }

  #advance(rests: Rest[], count: number, intents: readonly Intent[]): void {
    let left = count
    while (rests[0] && left >= rests[0].length) left -= (rests.shift() as Rest).length
    const [first] = rests
    if (first && left > 0)
      rests[0] = {
        of: first.of,
        pieces: withoutFirst(first.pieces, left),
        length: first.length - left,
        begin: first.begin + left,
      }
    // Where some is left it is recorded anew with the next write.
    if (rests.length === 0 && intents.length > 0) this.#parts.journal().finish(intents)
  }
}

/** Whether a piece goes on where another of the same stream ends. */
function follows(before: Piece | undefined, { of }: Piece): boolean {
  return (
    before?.of !== undefined &&
    of !== undefined &&
    isSame(before.of, of) &&
    before.of.begin + before.length === of.begin
  )
}

function isSame(one: StreamKey, other: StreamKey): boolean {
  return one.peer === other.peer && one.stream === other.stream
}
