import { BrokenMessage, HEADER_BYTES } from './log-message.ts'
import { withoutFirst } from './without-first.ts'

const LENGTH_BYTES = 4

/** How a stream of messages may end: between two of them, or inside one. */
export type StreamEnd = 'clean' | 'cut'

/**
 * Cuts a stream of bytes into the bodies of messages, each in the parts in which it has come. Memory grows with the bytes that have come, not with the length that
 * a message claims.
 *
 * @example
 * const reader = new FrameReader(1 << 20)
 * for (const parts of reader.read(chunk)) decodeParts(parts)
 */
export class FrameReader {
  readonly #maxBytes: number
  readonly #parts: Buffer[] = []
  /** bytes in the parts */
  #held = 0

  /** A message that says to be longer than `maxBytes` is broken. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Bytes of the message that is not whole yet. */
  get heldBytes(): number {
    return this.#held
  }

  /** How a stream that ends here has ended; right after a length counts as between messages, as in thunder. */
  get end(): StreamEnd {
    return this.#held === 0 || this.#held === LENGTH_BYTES ? 'clean' : 'cut'
  }

  /** Yields the bodies that are whole with these bytes. Throws BrokenMessage when it comes to a length that cannot be. */
  *read(chunk: Buffer): Generator<readonly Buffer[]> {
    let rest = chunk
    while (rest.length > 0) {
      if (this.#held === 0) {
        const whole = this.#wholeLength(rest)
        if (whole !== undefined && whole <= rest.length) {
          yield [rest.subarray(HEADER_BYTES, whole)]
          rest = rest.subarray(whole)
          continue
        }
      }
      rest = this.#hold(rest)
      const whole = this.#wholeLength(this.#head())
      if (whole === undefined || this.#held < whole) continue
      const parts = withoutFirst(this.#parts.splice(0), HEADER_BYTES)
      this.#held = 0
      yield parts
    }
  }

  /** Keeps what belongs to the message at hand, and returns the rest. */
  #hold(bytes: Buffer): Buffer {
    const wanted = this.#held < LENGTH_BYTES ? LENGTH_BYTES : (this.#wholeLength(this.#head()) as number)
    const taken = bytes.subarray(0, wanted - this.#held)
    this.#parts.push(taken)
    this.#held += taken.length
    return bytes.subarray(taken.length)
  }

  /** Returns the first bytes that are held, as many as the length takes. */
  #head(): Buffer {
    const [first] = this.#parts
    if (first && first.length >= LENGTH_BYTES) return first
    const joined = Buffer.concat(this.#parts, this.#held)
    this.#parts.splice(0, this.#parts.length, joined)
    return joined
  }

  /** Returns the bytes of a whole message with its header; undefined where its length is not there yet. */
  #wholeLength(bytes: Buffer): number | undefined {
    if (bytes.length < LENGTH_BYTES) return undefined
    const length = bytes.readUInt32BE(0)
    if (length <= LENGTH_BYTES) throw new BrokenMessage(`its length is ${length}; expected more than 4`)
    if (length > this.#maxBytes)
      throw new BrokenMessage(`its length is ${length}; expected at most ${this.#maxBytes}`)
    return length + LENGTH_BYTES
  }
}
