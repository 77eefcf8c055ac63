import { sleep } from '../../runtime/backoff.ts'
import { type DaySpan, isWithin } from './day-span.ts'

/** Bytes each second at a time of the day; the first span that holds counts, and outside of all there is no limit. */
export type Timetable = readonly { readonly span: DaySpan | undefined; readonly bytesPerS: number }[]

/** Holds all uploads together back to a number of bytes each second. */
export class Bandwidth {
  readonly #timetable: Timetable
  readonly #now: () => number
  /** the steady time in ms at which what has passed is paid for */
  #paidAt = 0

  /** `now` returns milliseconds since the epoch. */
  constructor(timetable: Timetable, now: () => number) {
    this.#timetable = timetable
    this.#now = now
  }

  /** Resolves when these bytes may pass. */
  async take(bytes: number): Promise<void> {
    const at = this.#now()
    const entry = this.#timetable.find(({ span }) => span === undefined || isWithin(span, at))
    if (!entry) return
    const now = performance.now()
    const wait = this.#paidAt - now
    this.#paidAt = Math.max(this.#paidAt, now) + (bytes / entry.bytesPerS) * 1000
    if (wait > 0) await sleep(wait)
  }
}
