import { messageOf } from '../domain/errors.ts'
import { formatIso, type Micros } from '../domain/time.ts'
import type { Service } from '../runtime/lifecycle.ts'
import type { Logger } from '../runtime/logger.ts'
import type { ReportedPositions, Watermarks } from '../store/ports/watermarks.ts'
import { formatDuration } from '../text/format-duration.ts'
import type { EventClock } from './event-clock.ts'
import { type ClockState, type Hold, lowWatermark } from './low-watermark.ts'
import { CURRENT } from './queue-position.ts'

export type WatermarkClockOptions = {
  readonly store: Pick<Watermarks, 'readReports'>
  readonly logger: Logger
  /** how long a queue that no consumer reads any more holds the clock, ms */
  readonly patienceMs: number
  /** the wall clock, for tests */
  readonly wallNow?: () => Micros
}

const READ_MS = 250

/**
 * The event clock of workers with `clock: auto`: the wall clock, or the low watermark of all consumers of the database
 * while one of them is behind. It is read four times a second, and once more in each transaction that claims streams.
 */
export class WatermarkClock implements EventClock, Service {
  readonly #options: WatermarkClockOptions
  readonly #wallNow: () => Micros
  #state: ClockState = { hold: undefined, holds: [] }
  #timer: NodeJS.Timeout | undefined
  #reading: Promise<void> = Promise.resolve()
  #isReading = false
  #isLogged = false

  constructor(options: WatermarkClockOptions) {
    this.#options = options
    this.#wallNow = options.wallNow ?? (() => Date.now() * 1000)
  }

  async start(): Promise<void> {
    await this.#read()
    this.#timer = setInterval(() => void this.#read(), READ_MS)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#reading
  }

  now(): Micros {
    return Math.min(this.#wallNow(), this.#state.hold?.at ?? Number.POSITIVE_INFINITY)
  }

  dueBefore(reports: readonly ReportedPositions[]): Micros {
    this.#take(reports)
    return this.now()
  }

  /** A run that is late counts as one that was in time: workers that were down change no stream. */
  timeOfRun(due: Micros): Micros {
    const now = this.now()
    return now - due > CURRENT ? due : now
  }

  state(): ClockState {
    return this.#state
  }

  #take(reports: readonly ReportedPositions[]): void {
    const { patienceMs, logger } = this.#options
    this.#state = lowWatermark(reports, { wallNow: this.#wallNow(), patienceMs })
    const { hold } = this.#state
    const isHeld = hold !== undefined && this.#wallNow() - hold.at > CURRENT
    if (isHeld === this.#isLogged) return
    this.#isLogged = isHeld
    if (isHeld)
      logger.warn({ queue: hold.queue }, `the event clock stands ${describeHold(hold, this.#wallNow())}`)
    else logger.info({}, 'the event clock follows the wall clock')
  }

  #read(): Promise<void> {
    if (this.#isReading) return this.#reading
    this.#isReading = true
    this.#reading = this.#options.store
      .readReports()
      .then((reports) => this.#take(reports))
      // The database is away, and with it everything that could be claimed: the worker says so.
      .catch((error) =>
        this.#options.logger.debug({}, `the event clock could not be read: ${messageOf(error)}`),
      )
      .finally(() => {
        this.#isReading = false
      })
    return this.#reading
  }
}

const REASONS: { readonly [why in Hold['why']]: string } = {
  backlog: 'works off a backlog',
  stuck: 'waits for the database, the archive or an app',
  unread: 'cannot read it at the moment',
  starting: 'has just begun to read it',
  gone: 'was the last to read it, and has ended',
  silent: 'has not been heard of, and may have had messages at hand',
}

/**
 * Says where and why the clock is held.
 *
 * @example
 * describeHold(hold, now)
 * // 'at 2026-01-02T08:00:00, 3 days behind: for queue monitor.info consumer-h1-17 works off a backlog'
 */
export function describeHold({ at, queue, consumer, why }: Hold, wallNow: Micros): string {
  return `at ${formatIso(at)}, ${formatDuration(wallNow - at)} behind: for queue ${queue} ${consumer} ${REASONS[why]}`
}
