import type { Micros } from '../domain/time.ts'

/** Longest pause at a time, ms: streams that become due meanwhile run in time. */
const LONGEST_MS = 500

/** The pace of a replay: event time passes a number of times as fast as time on the machine. */
export class Pace {
  readonly #speed: number
  readonly #machineNow: () => number
  #begun: { readonly time: Micros; readonly machineMs: number } | undefined

  /** `machineNow` returns a monotonic time in ms. */
  constructor(speed: number, machineNow = () => performance.now()) {
    this.#speed = speed
    this.#machineNow = machineNow
  }

  /** Returns the event time that is reached by now; 0 before the first record. */
  now(): Micros {
    if (!this.#begun) return 0
    const { time, machineMs } = this.#begun
    return time + Math.round((this.#machineNow() - machineMs) * 1000 * this.#speed)
  }

  /** Returns how long to pause for a record of this time, ms; less than the whole wait where that is long. */
  msUntil(time: Micros): number {
    this.#begun ??= { time, machineMs: this.#machineNow() }
    const ms = (time - this.now()) / 1000 / this.#speed
    return Math.min(LONGEST_MS, ms)
  }
}
