import { RECORD_SEPARATOR, UNIT_SEPARATOR } from './frame.ts'
import { decodeHeader, type FrameHeader } from './header.ts'
import { MOST_MESSAGE_BYTES } from './message.ts'
import { WireError } from './wire-error.ts'

/** Called with each frame: where its message stands in the bytes, which are valid during the call only. */
export type OnFrame = (bytes: Buffer, from: number, end: number, header: FrameHeader) => void

const FIRST_HELD_BYTES = 1024
/** Begin of a frame, length of its header, and the byte behind the header. */
const AROUND_HEADER = 3
const PLAIN_LENGTH_TAG = 8

/**
 * Finds frames in a stream of bytes as the splitter of Heka does. The length byte alone says where a header ends. What
 * is no frame is dropped, and the search goes on one byte after its first one.
 *
 * @example
 * const splitter = new FrameSplitter((bytes, from, end) => relay(bytes.subarray(from, end)))
 * for await (const bytes of socket) splitter.push(bytes)
 * const cut = splitter.end()
 */
export class FrameSplitter {
  readonly #onFrame: OnFrame
  readonly #most: number
  /** begin of a frame that is not complete, and how many bytes it needs before it can be looked at again */
  #held: Buffer | undefined
  #heldLength = 0
  #needed = 0
  /** bytes that belong to no frame */
  dropped = 0

  constructor(onFrame: OnFrame, mostMessageBytes = MOST_MESSAGE_BYTES) {
    this.#onFrame = onFrame
    this.#most = mostMessageBytes
  }

  /** Takes the bytes that came next, and calls back for each frame that they complete. */
  push(chunk: Buffer): void {
    let at = 0
    while (this.#heldLength > 0 && at < chunk.length) {
      const taken = Math.min(this.#needed - this.#heldLength, chunk.length - at)
      this.#hold(chunk, at, at + taken)
      at += taken
      if (this.#heldLength < this.#needed) return
      this.#takeHeld()
    }
    if (at === chunk.length) return
    const rest = this.#split(chunk, at, chunk.length)
    if (rest < chunk.length) this.#hold(chunk, rest, chunk.length)
  }

  /** Drops what is not complete at the end of the stream. Returns how many bytes that were. */
  end(): number {
    const cut = this.#heldLength
    this.#release()
    return cut
  }

  #takeHeld(): void {
    const held = this.#held as Buffer
    const length = this.#heldLength
    this.#heldLength = 0
    const rest = this.#split(held, 0, length)
    if (rest === length) {
      this.#release()
      return
    }
    held.copyWithin(0, rest, length)
    this.#heldLength = length - rest
  }

  /** Calls back for each complete frame. Returns where the first one begins that is not complete. */
  #split(bytes: Buffer, from: number, end: number): number {
    let at = from
    for (;;) {
      const begin = this.#beginAfter(bytes, at, end)
      this.dropped += begin - at
      if (begin === end) return end
      const next = this.#takeFrame(bytes, begin, end)
      if (next < 0) return begin
      if (next === begin + 1) this.dropped++
      at = next
    }
  }

  #beginAfter(bytes: Buffer, at: number, end: number): number {
    if (at < end && bytes[at] === RECORD_SEPARATOR) return at
    const begin = bytes.indexOf(RECORD_SEPARATOR, at)
    return begin < 0 || begin > end ? end : begin
  }

  /** Returns where to go on: behind the frame, behind its first byte if it is none, -1 where bytes are missing. */
  #takeFrame(bytes: Buffer, begin: number, end: number): number {
    const available = end - begin
    if (available < 2) return this.#need(2)
    const headerFrom = begin + 2
    const headerEnd = headerFrom + (bytes[begin + 1] as number)
    if (headerEnd >= end) return this.#need(headerEnd - begin + 1)
    if (bytes[headerEnd] !== UNIT_SEPARATOR) return begin + 1
    const header = headerAt(bytes, headerFrom, headerEnd)
    const length = header?.messageLength ?? 0
    if (header === undefined || length > this.#most) return begin + 1
    const bodyFrom = headerEnd + 1
    const bodyEnd = bodyFrom + length
    if (bodyEnd > end) return this.#need(bodyEnd - begin)
    this.#onFrame(bytes, bodyFrom, bodyEnd, header)
    return bodyEnd
  }

  #need(count: number): number {
    this.#needed = count
    return -1
  }

  #hold(chunk: Buffer, from: number, end: number): void {
    const length = this.#heldLength + end - from
    if (!this.#held || this.#held.length < length) {
      const most = this.#most + 255 + AROUND_HEADER
      const grown = Buffer.allocUnsafeSlow(
        Math.max(length, Math.min(most, 2 * length, length + this.#needed)),
      )
      this.#held?.copy(grown, 0, 0, this.#heldLength)
      this.#held = grown
    }
    chunk.copy(this.#held, this.#heldLength, from, end)
    this.#heldLength = length
  }

  /** A connection that is idle holds no memory. */
  #release(): void {
    this.#heldLength = 0
    if (this.#held && this.#held.length > FIRST_HELD_BYTES) this.#held = undefined
  }
}

/** Returns the header in these bytes; undefined where there is none. */
function headerAt(bytes: Buffer, from: number, end: number): FrameHeader | undefined {
  const first = bytes[from + 1] as number
  // Nearly all headers have a length alone.
  if (bytes[from] === PLAIN_LENGTH_TAG) {
    if (end === from + 2 && first < 0x80) return { messageLength: first }
    const second = bytes[from + 2] as number
    if (end === from + 3 && first >= 0x80 && second < 0x80)
      return { messageLength: (first & 0x7f) | (second << 7) }
  }
  try {
    return decodeHeader(bytes, from, end)
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}
