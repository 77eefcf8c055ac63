export type WindowOptions = {
  /** most messages, whatever their size */
  readonly most: number
  /** most bytes of bodies that are delivered and not yet acknowledged */
  readonly bytes: number
}

/** The window while no size is known: one message may be as large as all bytes that are allowed. */
const FIRST = 1
/** The weight of one message in the moving mean of sizes. */
const WEIGHT = 1 / 50
/** The window changes only when it would be at least this many times larger or smaller. */
const STEP = 1.5

/**
 * Turns a limit of bytes at hand into a number of messages, since the broker limits deliveries by number
 * only.
 */
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

  /**
   * Adds the size of a body to the mean. A large one sets it at once, since it can equal a thousand others.
   */
  add(bytes: number): void {
    const isLarge = bytes > 4 * this.#meanBytes
    this.#meanBytes += (bytes - this.#meanBytes) * (this.#meanBytes === 0 || isLarge ? 1 : WEIGHT)
  }

  /** Returns the new window when it should change now, else undefined. */
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
