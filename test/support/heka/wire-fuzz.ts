import { decodeMessage } from '../../../src/heka/wire/decode-message.ts'
import { encodeMessage } from '../../../src/heka/wire/encode-message.ts'
import { frameOf } from '../../../src/heka/wire/frame.ts'
import { FrameSplitter } from '../../../src/heka/wire/frame-splitter.ts'
import { MessageView } from '../../../src/heka/wire/message-view.ts'
import { scanMessage } from '../../../src/heka/wire/scan-message.ts'
import { WireError } from '../../../src/heka/wire/wire-error.ts'

/** A source of chance that gives the same numbers for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Makes frames out of good ones: some as they are, some changed, cut, joined or random, in one buffer that is reused. */
export class FrameMutator {
  readonly #random: () => number
  readonly #frames: readonly Buffer[]
  readonly #buffer = Buffer.alloc(8192)

  constructor(seed: number, bodies: readonly Buffer[]) {
    this.#random = seeded(seed)
    this.#frames = bodies.filter((body) => body.length < 2000).map((body) => frameOf(body))
  }

  /** Returns the bytes of the next frame, valid until the one after. */
  next(): Buffer {
    const frame = this.#pick()
    let length = frame.copy(this.#buffer)
    const kind = this.#below(8)
    if (kind === 0) length = this.#fill(this.#below(400))
    else if (kind === 1) length = this.#below(length + 1)
    else if (kind === 2) length += this.#pick().copy(this.#buffer, this.#below(length + 1))
    else if (kind < 7) for (let count = 1 + this.#below(4); count > 0; count--) this.#change(length)
    return this.#buffer.subarray(0, Math.min(length, this.#buffer.length))
  }

  #change(length: number): void {
    const at = this.#below(length)
    const special = [0x1e, 0x1f, 0x00, 0x7f, 0x80, 0xff]
    this.#buffer[at] =
      this.#below(2) === 0 ? this.#below(256) : (special[this.#below(special.length)] as number)
  }

  #fill(length: number): number {
    for (let at = 0; at < length; at++) this.#buffer[at] = this.#below(256)
    return length
  }

  #pick(): Buffer {
    return this.#frames[this.#below(this.#frames.length)] as Buffer
  }

  #below(most: number): number {
    return Math.floor(this.#random() * most)
  }
}

/**
 * Gives frames to a splitter and checks what it finds: a message that scans decodes too, and encoding it again gives what
 * decodes to the same; where it is said to be in order, the same bytes. Returns how many messages were good.
 */
export function checkFrames(frames: Iterable<Buffer>, everyNth = 1): number {
  const view = new MessageView()
  let good = 0
  let number = 0
  const splitter = new FrameSplitter((bytes, from, end) => {
    try {
      scanMessage(bytes, from, end, view)
    } catch (error) {
      if (error instanceof WireError) return
      throw error
    }
    good++
    if (++number % everyNth === 0) checkMessage(Buffer.from(bytes.subarray(from, end)), view.isCanonical)
  })
  for (const frame of frames) splitter.push(frame)
  return good
}

function checkMessage(bytes: Buffer, isCanonical: boolean): void {
  const again = encodeMessage(decodeMessage(bytes))
  const isSame = again.equals(bytes)
  if (isCanonical && !isSame) throw new Error(`said to be in order and is not: ${bytes.toString('hex')}`)
  if (!encodeMessage(decodeMessage(again)).equals(again))
    throw new Error(`encoded again it changes: ${bytes.toString('hex')}`)
}
