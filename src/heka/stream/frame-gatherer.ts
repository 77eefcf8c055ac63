import { RECORD_SEPARATOR, UNIT_SEPARATOR } from '../wire/frame.ts'

/** Frames that go into one message of AMQP, and how many they are. */
export type Gathered = { readonly bytes: Buffer; readonly count: number }

/** Size at which gathered frames are sent, bytes. */
const MOST_BYTES = 65_536
/** Bytes of a frame around its message, at most. */
const AROUND = 9
const LENGTH_TAG = 8

/**
 * Frames messages and gathers the frames until they are 64 KB, or a short time has passed. A message alone waits for the
 * end of the present turn of the event loop only.
 */
export class FrameGatherer {
  readonly #waitMs: number
  readonly #onGathered: (gathered: Gathered) => void
  #bytes = Buffer.allocUnsafe(4096)
  #length = 0
  #count = 0
  #timer: NodeJS.Timeout | undefined
  #lastSent = Number.NEGATIVE_INFINITY

  constructor(waitMs: number, onGathered: (gathered: Gathered) => void) {
    this.#waitMs = waitMs
    this.#onGathered = onGathered
  }

  /** Bytes that wait. */
  get length(): number {
    return this.#length
  }

  /** Gives away what is gathered where a message of this length does not fit behind it. */
  makeRoom(length: number): void {
    if (this.#length > 0 && this.#length + length + AROUND > MOST_BYTES) this.flush()
  }

  add(bytes: Buffer, from: number, end: number): void {
    const length = end - from
    this.makeRoom(length)
    this.#reserve(length + AROUND)
    this.#frame(bytes, from, end)
    this.#count++
    if (this.#length >= MOST_BYTES) this.flush()
    else this.#timer ??= setTimeout(() => this.flush(), this.#delay())
  }

  /** Gives away what is gathered. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#count === 0) return
    const gathered = { bytes: Buffer.from(this.#bytes.subarray(0, this.#length)), count: this.#count }
    this.#length = this.#count = 0
    this.#lastSent = performance.now()
    this.#onGathered(gathered)
  }

  /** Waits only where messages come one after the other. */
  #delay(): number {
    return performance.now() - this.#lastSent > this.#waitMs ? 0 : this.#waitMs
  }

  #frame(bytes: Buffer, from: number, end: number): void {
    const target = this.#bytes
    let at = this.#length
    target[at] = RECORD_SEPARATOR
    const begin = at + 2
    at = begin
    target[at++] = LENGTH_TAG
    let rest = end - from
    while (rest >= 0x80) {
      target[at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    target[at++] = rest
    target[begin - 1] = at - begin
    target[at++] = UNIT_SEPARATOR
    at += bytes.copy(target, at, from, end)
    this.#length = at
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return
    const size = Math.max(Math.min(2 * this.#bytes.length, MOST_BYTES + AROUND), this.#length + count)
    const grown = Buffer.allocUnsafe(size)
    this.#bytes.copy(grown, 0, 0, this.#length)
    this.#bytes = grown
  }
}
