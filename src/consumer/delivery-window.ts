export type WindowOptions = {
  /** most messages, whatever their size */
  readonly most: number
  /** most bytes of bodies that are delivered and not yet acknowledged */
  readonly bytes: number
}

/** Messages of unknown size are asked for in this number: one may be as large as all that may be at hand. */
const FIRST = 1
/** What one message counts in the mean of those before it. */
const WEIGHT = 1 / 50
/** The number follows when it would be so many times larger or smaller. */
const STEP = 1.5

/** How many messages may be at hand at a time: the broker counts messages, memory counts their bytes. */
export class DeliveryWindow {
  readonly #options: WindowOptions
  #size: number
  #meanBytes = 0

  constructor(options: WindowOptions) {
    this.#options = options
    this.#size = FIRST
  }

  get size(): number {
    return this.#size
  }

  /** Takes note of a body; large ones at once, since one of them can be as much as a thousand others. */
  add(bytes: number): void {
    const isLarge = bytes > 4 * this.#meanBytes
    this.#meanBytes += (bytes - this.#meanBytes) * (this.#meanBytes === 0 || isLarge ? 1 : WEIGHT)
  }

  /** The new size where it should change. */
  adjusted(): number | undefined {
    const { most, bytes } = this.#options
    const fitting = Math.floor(bytes / Math.max(1, this.#meanBytes))
    const wanted = Math.max(1, Math.min(most, fitting))
    const isFar = wanted > this.#size * STEP || wanted < this.#size / STEP
    if (!isFar && !(wanted === most && this.#size !== most)) return undefined
    this.#size = wanted
    return wanted
  }
}
