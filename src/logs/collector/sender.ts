import { encodeBefore, encodeLines } from '../wire/encode-message.ts'
import { EXTRA, type ProcessorHello } from '../wire/extras.ts'
import { pack, packedExtra } from '../wire/packed.ts'
import { BufferPool } from './buffer-pool.ts'
import type { CollectorCounters } from './collector-state.ts'
import { lengthToSend } from './length-to-send.ts'
import type { ProcessorLink } from './processor-link.ts'
import type { SourceFile } from './source-file.ts'
import { Turns } from './turns.ts'
import { Unanswered } from './unanswered.ts'

const NEWLINE = 0x0a
/** Most bytes of content in a message; longer lines go in pieces. */
const MOST_BYTES = 256 * 1024
/** Most lines in a message to thunder, as its own collector has it. */
const MOST_LINES = 1000
/** Messages that are read and not taken by the socket yet. */
const BUFFERS = 12
/** How much may wait for answers: from one of ours, and from thunder, whose collector waits for none. */
const OWN_WINDOW = { messages: 64, bytes: 8 << 20 }
const WIDE_WINDOW = { messages: 10_000, bytes: 256 << 20 }
/** Time for which bytes without a line feed wait for the rest of their line, where the processor is one of ours, ms. */
const TAIL_MS = 1000
/** The same for a line that grows all the time. */
const LONGEST_TAIL_MS = 10_000
/** Time until a file that was refused is tried again, ms. */
const REST_MS = 60_000
/** Time until a file that holds less than its size says is read again, ms. */
const SHORT_MS = 1000
/** Fewest bytes that are read at a time. */
const LEAST_SPAN = 4096
/** Time until it is looked again whether the file before is sent, ms. */
const BEFORE_MS = 20

export type SenderParts = {
  readonly link: ProcessorLink
  readonly counters: CollectorCounters
  /** whether content is packed, where the processor takes that */
  readonly zstd: boolean
  /** Returns the field that says what we are. */
  readonly hello: () => readonly [number, Buffer]
  /** Saves under which names files are sent. */
  readonly remember: () => Promise<void>
  /** Returns the file that goes before another, since it was rotated and is sent under the same name. */
  readonly before: (file: SourceFile) => SourceFile | undefined
  /** Called when a file was read further. */
  readonly onRead: (file: SourceFile) => void
  /** Called when a file holds less than was expected. */
  readonly onShort: (file: SourceFile) => void
  /** Called with a file that cannot be read, and the error. */
  readonly onFault: (file: SourceFile, error: unknown) => void
  /** Called when a file no longer begins as it did, though bytes were read from where it ended. */
  readonly onOther: (file: SourceFile) => void
}

/** What goes into one message: bytes of a buffer that is given back when they are sent. */
type Piece = {
  readonly file: SourceFile
  readonly stream: string
  readonly begin: number
  /** number of the connection for which the turn began: on another one other files may have to go before */
  readonly connection: number
  readonly name: Buffer
  readonly content: Buffer
  readonly buffer: Buffer
}

/** Sends files in turn, a message each, as long as the connection takes them and not too much is unanswered. */
export class Sender {
  readonly #parts: SenderParts
  readonly #pool = new BufferPool(BUFFERS, MOST_BYTES)
  readonly #turns = new Turns()
  readonly unanswered = new Unanswered()
  #mustGreet = true
  #isStopped = false
  #isBusy = false
  #running: Promise<void> | undefined

  constructor(parts: SenderParts) {
    this.#parts = parts
  }

  /** Whether nothing waits to be read. */
  get isIdle(): boolean {
    return this.#turns.isEmpty && !this.#isBusy
  }

  start(): void {
    this.#running ??= this.#run()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#turns.close()
    this.#parts.link.nudge()
    await this.#running
  }

  /** Puts a file in line, where it is not. */
  want(file: SourceFile): void {
    this.#turns.add(file)
  }

  /** Sends the last bytes of a file too, though they end in no line feed. */
  wantTail(file: SourceFile): void {
    if (file.read >= file.end) return
    file.isTailDue = true
    this.want(file)
  }

  /** Says what we are with the next message: a connection has begun. */
  greet(): void {
    this.#mustGreet = true
  }

  /** Sends everything again that was not answered on the connection that is lost. */
  lost(): void {
    for (const file of this.unanswered.clear()) {
      this.#parts.counters.resentBytes += Math.max(0, file.read - file.answered)
      file.read = Math.min(file.read, file.answered)
      this.want(file)
    }
  }

  /**
   * Takes an answer, and returns whether messages of its inode wait for one. The place of a file never goes back, nor beyond what
   * was sent of it.
   */
  answered(inode: bigint, offset: number): boolean {
    const all = this.unanswered.of(inode)
    const [first] = all
    if (!first) return false
    const { file, stream } = first
    // Answers come in order: those to another life of the file, with smaller places, come after these.
    const next = all.findIndex((one) => one.stream !== stream)
    const sent = next < 0 ? all : all.slice(0, next)
    const end = sent.at(-1)?.end ?? 0
    if (offset > file.answered && offset <= end && stream === file.stream) file.answerUpTo(offset)
    this.unanswered.drop(inode, sent.findLastIndex((one) => one.end <= offset) + 1)
    file.refusal = undefined
    return true
  }

  /** Takes a refusal of the oldest message of an inode: its file rests, and is then sent again from there. */
  refused(inode: bigint): SourceFile | undefined {
    const [first] = this.unanswered.of(inode)
    if (!first) return undefined
    const { file, stream } = first
    this.unanswered.drop(inode, 1)
    if (stream !== file.stream) return undefined
    file.restsUntil = performance.now() + REST_MS
    file.read = Math.min(file.read, file.answered)
    this.want(file)
    return file
  }

  async #run(): Promise<void> {
    for (;;) {
      const file = await this.#turns.take()
      if (!file) return
      this.#isBusy = true
      await this.#untilRoom()
      if (!this.#isStopped) await this.#turn(file)
      this.#isBusy = false
    }
  }

  async #untilRoom(): Promise<void> {
    const { link } = this.#parts
    while (!this.#isStopped) {
      const { messages, bytes } = this.#own ? OWN_WINDOW : WIDE_WINDOW
      const hasRoom = this.unanswered.messages < messages && this.unanswered.bytes < bytes
      if (link.takesMore && hasRoom) return
      await link.change()
    }
  }

  /** What the processor has said of itself, where it is one of ours. */
  get #own(): ProcessorHello | undefined {
    const { peer } = this.#parts.link
    return typeof peer === 'string' ? undefined : peer
  }

  /** Sends the next message of a file. */
  async #turn(file: SourceFile): Promise<void> {
    const rest = file.restsUntil - performance.now()
    if (rest > 0) return this.#turns.addLater(file, rest)
    const connection = this.#parts.link.reconnects
    const before = this.#parts.before(file)
    if (before) {
      this.want(before)
      return this.#turns.addLater(file, BEFORE_MS)
    }
    if (file.savedStream !== file.stream && this.#parts.link.peer !== 'thunder') await this.#parts.remember()
    const buffer = await this.#pool.take()
    let isHandedOver = false
    try {
      isHandedOver = await this.#next(file, buffer, connection)
    } catch (error) {
      this.#parts.onFault(file, error)
    } finally {
      if (!isHandedOver) this.#pool.give(buffer)
    }
  }

  /** Returns whether the buffer is the connection's, to be given back when it is sent. */
  async #next(file: SourceFile, buffer: Buffer, connection: number): Promise<boolean> {
    const { name, renamedAt } = file.nameAt(file.read)
    const { stream, read: begin } = file
    const most = file.limit - begin
    const span = this.#spanOf(file, most)
    const count = span > 0 ? await file.readInto(buffer, span) : 0
    if (file.stream !== stream || file.read !== begin) this.want(file)
    else if (count === 0) this.#short(file)
    else if (file.isOther()) {
      this.#parts.onOther(file)
      this.want(file)
    } else {
      file.grow(begin + count, performance.now())
      const bytes = buffer.subarray(
        0,
        renamedAt === undefined ? count : endOfName(buffer, renamedAt - begin, count),
      )
      const isEnd = bytes.length === count && (count < span || span === most)
      const length = this.#lengthOf(file, bytes, isEnd)
      if (length === 0) this.#waitForRest(file)
      else
        return this.#sendPiece(
          { file, stream, begin, connection, name, content: buffer.subarray(0, length), buffer },
          isEnd,
        )
    }
    return false
  }

  /** Has a file looked at that holds less than was expected. What still says the same rests for a while. */
  #short(file: SourceFile): void {
    const { stream, read, isOpen } = file
    if (read >= file.end) return
    this.#parts.onShort(file)
    if (isOpen && file.stream === stream && read < file.end) file.restsUntil = performance.now() + SHORT_MS
  }

  /** Returns how many bytes to read: to thunder about as many as lines of the same length need. */
  #spanOf(file: SourceFile, most: number): number {
    const own = this.#own
    if (own) return Math.min(MOST_BYTES, own.maxBytes, most)
    return Math.min(MOST_BYTES, most, Math.max(LEAST_SPAN, file.span * 2))
  }

  #lengthOf(file: SourceFile, bytes: Buffer, isEnd: boolean): number {
    const own = this.#own
    const takesTail = isEnd && (!own || this.#isTailDue(file))
    const length = lengthToSend(bytes, { mostLines: own ? Number.POSITIVE_INFINITY : MOST_LINES, takesTail })
    if (takesTail && length === bytes.length) file.isTailDue = false
    // A line that is longer than what is read at a time goes in pieces.
    return length === 0 && !isEnd ? bytes.length : length
  }

  #isTailDue(file: SourceFile): boolean {
    if (file.isTailDue || Number.isFinite(file.limit)) return true
    const now = performance.now()
    return now - file.grewAt >= TAIL_MS || now - (file.tailSince ?? now) >= LONGEST_TAIL_MS
  }

  /** Leaves the begin of a line until its rest comes, or has not come for a while. */
  #waitForRest(file: SourceFile): void {
    const now = performance.now()
    file.tailSince ??= now
    const atGrowth = file.grewAt + TAIL_MS - now
    const atLongest = file.tailSince + LONGEST_TAIL_MS - now
    this.#turns.addLater(file, Math.max(1, Math.min(atGrowth, atLongest)))
  }

  async #sendPiece(piece: Piece, isEnd: boolean): Promise<boolean> {
    const { file, content } = piece
    const isHandedOver = await this.#send(piece)
    file.span = content.length
    file.tailSince = undefined
    this.#parts.onRead(file)
    if (file.read < file.end || !isEnd) this.want(file)
    return isHandedOver
  }

  async #send({ file, stream, begin, connection, name, content, buffer }: Piece): Promise<boolean> {
    const { link, counters, zstd } = this.#parts
    const own = this.#own
    const packed = own?.zstd && zstd ? await pack(content) : undefined
    const isStill = file.stream === stream && file.read === begin && link.reconnects === connection
    if (!isStill || !link.isConnected) return false
    const extras = this.#extrasOf(stream, packed && content.length)
    file.read = begin + content.length
    file.isMidLine = content.at(-1) !== NEWLINE
    const head = { file: name, offset: BigInt(file.read), inode: file.ino }
    counters.messages++
    counters.bytes += content.length
    const wasWaiting = this.unanswered.messages > 0
    this.unanswered.add({ file, stream, begin, end: file.read })
    if (!own) link.send([encodeLines(head, content, MOST_LINES + 1, extras)], wasWaiting)
    else if (packed) link.send([encodeBefore(head, extras, packed.length), packed], wasWaiting)
    else {
      link.send([encodeBefore(head, extras, content.length), content], wasWaiting, () =>
        this.#pool.give(buffer),
      )
      return true
    }
    return false
  }

  #extrasOf(stream: string, unpackedLength: number | undefined): Map<number, Buffer> | undefined {
    const { link, hello } = this.#parts
    if (link.peer === 'thunder') return undefined
    const extras = new Map<number, Buffer>([[EXTRA.stream, Buffer.from(stream)]])
    if (this.#mustGreet) extras.set(...hello())
    if (unpackedLength !== undefined) extras.set(...packedExtra(unpackedLength))
    this.#mustGreet = false
    return extras
  }
}

/**
 * Returns how many of the bytes that were read go under a name that ends at an index: up to the end of the line that is not over
 * there, or all of them where it is not over in them.
 */
function endOfName(buffer: Buffer, at: number, count: number): number {
  if (count <= at) return count
  const newline = buffer.subarray(0, count).indexOf(NEWLINE, Math.max(0, at - 1))
  return newline < 0 ? count : newline + 1
}
