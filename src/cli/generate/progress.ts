import { formatIso, type Micros } from '../../domain/time.ts'
import { grouped } from '../terminal/grouped.ts'
import { StatusLine, type StatusTarget } from '../terminal/status-line.ts'

/** Shows the progress of a simulator run on a status line. */
export class Progress {
  readonly #line: StatusLine
  readonly #end: Micros
  readonly #start: Micros
  readonly #now: () => number
  readonly #begun: number
  #count = 0
  #at: Micros

  /** `now` returns a monotonic time in ms. */
  constructor(
    target: StatusTarget,
    { start, end }: { start: Micros; end: Micros },
    now = () => performance.now(),
  ) {
    this.#line = new StatusLine(target, now)
    this.#start = start
    this.#at = start
    this.#end = end
    this.#now = now
    this.#begun = now()
  }

  /** Adds `count` notifications; `at` is the simulated time of the last one. */
  add(count: number, at: Micros): void {
    this.#count += count
    this.#at = at
    this.#line.show(() => {
      const done = Math.min(1, (at - this.#start) / Math.max(1, this.#end - this.#start))
      return `${this.#counted()}, at ${formatIso(at).slice(0, 19)} (${Math.floor(done * 100)} %)`
    })
  }

  get count(): number {
    return this.#count
  }

  /** simulated time of the last notification */
  get at(): Micros {
    return this.#at
  }

  /** Removes the status line. Returns a summary such as `1,200 notifications in 0.1 s, 12,000/s`. */
  end(): string {
    this.#line.clear()
    return this.#counted()
  }

  #counted(): string {
    const seconds = Math.max(0.001, (this.#now() - this.#begun) / 1000)
    const perSecond = Math.round(this.#count / seconds)
    return `${grouped(this.#count)} notifications in ${seconds.toFixed(1)} s, ${grouped(perSecond)}/s`
  }
}
