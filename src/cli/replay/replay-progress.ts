import { formatIso, type Micros } from '../../domain/time.ts'
import { grouped } from '../terminal/grouped.ts'
import { StatusLine, type StatusTarget } from '../terminal/status-line.ts'

const WIDTH = 20

/** Shows how far the reading of files is, on a status line: a bar, the rate, the time left. */
export class ReplayProgress {
  readonly #line: StatusLine
  readonly #now: () => number
  readonly #begun: number
  /** Returns the share that is done, 0 to 1; undefined where it is not known. */
  readonly #done: () => number | undefined

  /** `now` returns a monotonic time in ms. */
  constructor(
    done: () => number | undefined,
    target: StatusTarget = process.stderr,
    now = () => performance.now(),
  ) {
    this.#line = new StatusLine(target, now)
    this.#done = done
    this.#now = now
    this.#begun = now()
  }

  /** Shows a count of notifications; `at` is the event time that was reached, where there is one. */
  show(count: number, at?: Micros): void {
    this.#line.show(() => {
      const time = at === undefined ? '' : `, at ${formatIso(at).slice(0, 19)}`
      return `${this.#bar()}${this.counted(count)}${time}${this.#left()}`
    })
  }

  /** Removes the line. */
  clear(): void {
    this.#line.clear()
  }

  /** Returns a summary such as `1,200 notifications in 0.1 s, 12,000/s`. */
  counted(count: number): string {
    const seconds = Math.max(0.001, this.#seconds())
    return `${grouped(count)} notifications in ${seconds.toFixed(1)} s, ${grouped(Math.round(count / seconds))}/s`
  }

  #bar(): string {
    const done = this.#done()
    if (done === undefined) return ''
    const full = Math.floor(done * WIDTH)
    return `[${'#'.repeat(full)}${'-'.repeat(WIDTH - full)}] ${Math.floor(done * 100)} %, `
  }

  #left(): string {
    const done = this.#done()
    if (!done) return ''
    return `, ${formatLeft((this.#seconds() / done) * (1 - done))} left`
  }

  #seconds(): number {
    return (this.#now() - this.#begun) / 1000
  }
}

/** Formats seconds as `12 s`, `3 min 20 s` or `2 h 5 min`. */
function formatLeft(seconds: number): string {
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  const minutes = Math.floor(whole / 60)
  return minutes < 60 ? `${minutes} min ${whole % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
