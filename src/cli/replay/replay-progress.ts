import { formatIso, type Micros } from '../../domain/time.ts'
import type { WorkerCounters } from '../../pipeline/worker/worker-counters.ts'
import { grouped } from '../terminal/grouped.ts'
import { StatusLine, type StatusTarget } from '../terminal/status-line.ts'

const WIDTH = 20

export type ReplayProgressOptions = {
  /** Returns the share that is done, 0 to 1; undefined where it is not known. */
  readonly done: () => number | undefined
  /** Returns what else has been done by now, such as `1,200 streams run`; empty for nothing. */
  readonly more?: () => string
  /** takes a line now and then where there is no terminal */
  readonly log: (line: string) => void
  readonly target?: StatusTarget
  /** Returns a monotonic time in ms. */
  readonly now?: () => number
}

/** The line is built anew so often, ms: it moves while nothing is read, too. */
const EVERY_MS = 500
/** Elsewhere than on a terminal a line is logged so often, ms. */
const LOGGED_EVERY_MS = 30_000

/**
 * Shows how far the reading of files is: a bar, the rate, the time left. On a terminal this is a status line, elsewhere a
 * line of the log every 30 s.
 */
export class ReplayProgress {
  readonly #options: ReplayProgressOptions
  readonly #target: StatusTarget
  readonly #line: StatusLine
  readonly #now: () => number
  readonly #begun: number
  readonly #timer: NodeJS.Timeout
  #loggedAt: number
  #count = 0
  #at: Micros | undefined

  constructor(options: ReplayProgressOptions) {
    const { target = process.stderr, now = () => performance.now() } = options
    this.#options = options
    this.#target = target
    this.#line = new StatusLine(target, now)
    this.#now = now
    this.#begun = now()
    this.#loggedAt = this.#begun
    this.#timer = setInterval(() => this.#tell(), EVERY_MS)
    this.#timer.unref()
  }

  /** Shows a count of notifications; `at` is the event time that was reached, where there is one. */
  show(count: number, at?: Micros): void {
    this.#count = count
    this.#at = at
    this.#line.show(() => this.#text())
  }

  /** Ends: removes the line, and shows nothing any more. */
  clear(): void {
    clearInterval(this.#timer)
    this.#line.clear()
  }

  #tell(): void {
    this.#line.show(() => this.#text())
    if (this.#target.isTTY || this.#now() - this.#loggedAt < LOGGED_EVERY_MS) return
    this.#loggedAt = this.#now()
    this.#options.log(this.#text())
  }

  #text(): string {
    const time = this.#at === undefined ? '' : `, at ${formatIso(this.#at).slice(0, 19)}`
    const more = this.#options.more?.() ?? ''
    return `${this.#bar()}${this.counted(this.#count)}${time}${more && `, ${more}`}${this.#left()}`
  }

  /** Returns a summary such as `1,200 notifications in 0.1 s, 12,000/s`. */
  counted(count: number): string {
    const seconds = Math.max(0.001, this.#seconds())
    return `${grouped(count)} notifications in ${seconds.toFixed(1)} s, ${grouped(Math.round(count / seconds))}/s`
  }

  #bar(): string {
    const done = this.#options.done()
    if (done === undefined) return ''
    const full = Math.floor(done * WIDTH)
    return `[${'#'.repeat(full)}${'-'.repeat(WIDTH - full)}] ${Math.floor(done * 100)} %, `
  }

  #left(): string {
    const done = this.#options.done()
    if (!done) return ''
    return `, ${formatLeft((this.#seconds() / done) * (1 - done))} left`
  }

  #seconds(): number {
    return (this.#now() - this.#begun) / 1000
  }
}

/** Returns how many streams a replay's worker has run; empty for none. */
export function streamsRun({ fired, expired, failed }: WorkerCounters): string {
  const count = fired + expired + failed
  return count === 0 ? '' : `${grouped(count)} ${count === 1 ? 'stream' : 'streams'} run`
}

/** Formats seconds as `12 s`, `3 min 20 s` or `2 h 5 min`. */
function formatLeft(seconds: number): string {
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  const minutes = Math.floor(whole / 60)
  return minutes < 60 ? `${minutes} min ${whole % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
