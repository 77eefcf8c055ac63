import { sleep } from '../../runtime/backoff.ts'

/** Shortest pause, ms: timers are not more exact. */
const LEAST_MS = 5

/** Keeps a number of messages a second, counted from its begin. */
export class Pace {
  readonly #perSecond: number
  readonly #begin = performance.now()
  #count = 0

  /** 0: as fast as can be */
  constructor(perSecond: number) {
    this.#perSecond = perSecond
  }

  /** Waits until the next message is due, or the signal aborts. */
  async next(signal: AbortSignal): Promise<void> {
    const count = this.#count++
    if (this.#perSecond === 0) return
    const early = this.#begin + (count / this.#perSecond) * 1000 - performance.now()
    if (early >= LEAST_MS) await sleep(early, signal)
  }
}
