import { messageOf } from '../domain/errors.ts'
import { formatIso, type Micros } from '../domain/time.ts'
import type { Service } from '../runtime/lifecycle.ts'
import type { Logger } from '../runtime/logger.ts'
import { Outage } from '../runtime/outage.ts'
import type { HoldReason, NumberedReports, QueueReport, Watermarks } from '../store/ports/watermarks.ts'
import { describeLag } from './describe-lag.ts'
import { type BatchMark, type IntakeClock, wallClock } from './event-clock.ts'
import { lowWatermark } from './low-watermark.ts'
import { CURRENT, IDLE_MS, QueuePosition } from './queue-position.ts'

export type ConsumerClockOptions = {
  readonly store: Watermarks
  readonly logger: Logger
  /** how long a queue that no consumer reads any more holds the clock, ms */
  readonly patienceMs: number
}

/** How often positions are reported where no batch takes them along. */
const REPORT_MS = 1000
/** How often it is logged that a queue is still behind, ms. */
const TOLD_EVERY_MS = 60_000

type Held = { readonly at: Micros; readonly why: HoldReason }

type QueueState = {
  readonly position: QueuePosition
  /** it is not known yet what is in the queue, at first or after a break: the clock is held here */
  resumesAt: Micros | undefined
  isReading: boolean
  /** the machine's clock when reading began, and the wall clock when it ended */
  readingSince: number
  unreadSince: Micros
  /** timestamp of a message at hand, when nothing else is known of the queue */
  foreseen: Micros | undefined
  /** positions after the batch that is being stored, and after the one that was stored last */
  storing: BatchMark
  storedUpTo: BatchMark
  isAtHand: boolean
  /** the wall clock when a batch was stored last, or the first message came into empty hands */
  progressAt: Micros
  hold: { readonly why: HoldReason; readonly since: Micros } | undefined
  /** machine time at which it was logged last that the queue is behind, ms */
  toldAt: number
}

/**
 * The event clock of a consumer with `clock: auto`: the wall clock while its queues are read up to their end, the time of
 * the notifications while they are behind. It reports where each queue stands with every batch, and every second where
 * no batch is stored; lowWatermark() makes the clock of all out of it.
 */
export class ConsumerClock implements IntakeClock, Service {
  readonly #options: ConsumerClockOptions
  readonly #outage: Outage
  readonly #queues = new Map<string, QueueState>()
  #isAnnounced = false
  /** counts reports: a later one is not overwritten by one from before */
  #number = 0
  #reportedAt = -Infinity
  #timer: NodeJS.Timeout | undefined
  #reporting: Promise<void> = Promise.resolve()
  #isReporting = false

  constructor(options: ConsumerClockOptions) {
    this.#options = options
    this.#outage = new Outage(options.logger, 'the positions of queues can be reported again')
  }

  async start(): Promise<void> {
    await this.#report()
    this.#timer = setInterval(() => {
      const isDue = performance.now() - this.#reportedAt >= REPORT_MS * 0.9
      if (isDue && !this.#isReporting) void this.#report()
    }, REPORT_MS)
  }

  /** Leaves word where the queues stood, so that the clock waits there for the next consumer. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#reporting
    await this.#report(true)
  }

  now(): Micros {
    return wallClock.now()
  }

  reads(queue: string, isFull: () => boolean): void {
    const now = wallClock.now()
    const options = { wallNow: wallClock.now, machineNow: () => performance.now(), isFull }
    this.#queues.set(queue, {
      position: new QueuePosition(options),
      resumesAt: now,
      isReading: false,
      readingSince: Number.POSITIVE_INFINITY,
      unreadSince: now,
      foreseen: undefined,
      storing: undefined,
      storedUpTo: undefined,
      isAtHand: false,
      progressAt: now,
      hold: undefined,
      toldAt: -Infinity,
    })
  }

  reading(queue: string, isReading: boolean): void {
    const state = this.#stateOf(queue)
    if (state.isReading === isReading) return
    state.isReading = isReading
    if (isReading) {
      state.readingSince = performance.now()
      // What came meanwhile is not known before the first of it is stored.
      state.resumesAt ??= earliest(state.storing, state.storedUpTo) ?? state.unreadSince
    } else state.unreadSince = wallClock.now()
  }

  isUnknown(queue: string): boolean {
    return this.#stateOf(queue).position.isUnknown
  }

  foresee(queue: string, timestamp: Micros): void {
    this.#stateOf(queue).foreseen = timestamp
  }

  timeOf(queue: string): Micros {
    const { position, foreseen } = this.#stateOf(queue)
    const now = wallClock.now()
    if (!position.isUnknown) return position.position() ?? now
    return foreseen !== undefined && now - foreseen > CURRENT ? foreseen : now
  }

  arrive(queue: string, timestamp: Micros): Micros {
    return this.#stateOf(queue).position.arrive(timestamp)
  }

  prepared(queue: string): BatchMark {
    const state = this.#stateOf(queue)
    state.foreseen = undefined
    return state.position.position()
  }

  reportsAfter(queue: string, mark: BatchMark): (() => NumberedReports) | undefined {
    // Until the first report has found out where the queue was left, its old reports hold the clock.
    if (!this.#isAnnounced) return undefined
    const state = this.#stateOf(queue)
    state.storing = mark
    return () => {
      this.#reportedAt = performance.now()
      // Known from now on; where the batch is not stored after all, the position before it is the earlier one.
      return this.#reports(false, { ...state, resumesAt: undefined, queue })
    }
  }

  storedUpTo(queue: string, _at: Micros | undefined, mark: BatchMark): void {
    const state = this.#stateOf(queue)
    state.resumesAt = undefined
    state.storing = undefined
    state.storedUpTo = mark
    state.progressAt = wallClock.now()
  }

  hold(queue: string): void {
    const state = this.#stateOf(queue)
    if (state.isAtHand) return
    state.isAtHand = true
    state.progressAt = wallClock.now()
  }

  release(queue: string): void {
    this.#stateOf(queue).isAtHand = false
  }

  /** The position of a queue that is not read stands still anyway. */
  gaveBack(): void {}

  /** Redelivered messages count as all others do. */
  holdReturned(): void {}

  #stateOf(queue: string): QueueState {
    const state = this.#queues.get(queue)
    if (!state) throw new Error(`queue ${queue} is not read with this clock`)
    return state
  }

  /** `stored`: the state of a queue once the batch is stored that takes the reports along. */
  #reports(hasLeft: boolean, stored?: QueueState & { readonly queue: string }): NumberedReports {
    const queues = Object.fromEntries(
      [...this.#queues].map(([queue, state]) => {
        this.#endBacklog(state)
        // One that leaves gave back what it had: the queue is where it is without it.
        const own = hasLeft && !state.isAtHand ? { ...state, isReading: true } : state
        const report = this.#reportOf(queue, state, stored?.queue === queue ? stored : own)
        return [queue, hasLeft ? { ...report, hasLeft } : report]
      }),
    )
    return { number: ++this.#number, queues }
  }

  /** What comes after an empty queue is no part of the backlog before. */
  #endBacklog(state: QueueState): void {
    const isEmpty =
      state.isReading &&
      !state.isAtHand &&
      state.position.idleMs() > IDLE_MS &&
      performance.now() - state.readingSince > IDLE_MS
    if (!isEmpty) return
    state.resumesAt = undefined
    state.storing = undefined
    state.storedUpTo = undefined
  }

  #reportOf(queue: string, state: QueueState, seen: QueueState): QueueReport {
    const hold = this.#holdOf(seen)
    const now = wallClock.now()
    if (hold?.why !== state.hold?.why) {
      this.#logChange(queue, state, hold)
      state.hold = hold && { why: hold.why, since: now }
    } else if (hold?.why === 'backlog' && performance.now() - state.toldAt >= TOLD_EVERY_MS) {
      this.#logLag(queue, state, hold)
    }
    return { at: hold?.at ?? null, since: state.hold?.since ?? now, why: hold?.why ?? null }
  }

  #holdOf({ resumesAt, isReading, unreadSince, ...state }: QueueState): Held | undefined {
    const at = earliest(resumesAt, state.storing, state.storedUpTo)
    if (!isReading) return { at: at ?? unreadSince, why: 'unread' }
    if (at !== undefined) return { at, why: resumesAt === undefined ? 'backlog' : 'starting' }
    const isStuck = state.isAtHand && wallClock.now() - state.progressAt > CURRENT
    return isStuck ? { at: state.progressAt, why: 'stuck' } : undefined
  }

  #logLag(queue: string, state: QueueState, { at }: Held): void {
    state.toldAt = performance.now()
    const lag = Math.max(CURRENT, wallClock.now() - at)
    this.#options.logger.warn({ queue }, `queue ${queue} is ${describeLag(lag, 'auto')}`)
  }

  #logChange(queue: string, state: QueueState, hold: Held | undefined): void {
    const { logger } = this.#options
    const { hold: before } = state
    if (hold?.why === 'backlog') {
      this.#logLag(queue, state, hold)
    } else if (before?.why === 'backlog') {
      logger.info({ queue }, `queue ${queue} has caught up; the event clock follows the wall clock`)
    }
  }

  /** One report after the other; a database that is away is asked again with the next. Never rejects. */
  #report(hasLeft = false): Promise<void> {
    this.#isReporting = true
    this.#reporting = this.#reporting.then(async () => {
      const { store } = this.#options
      try {
        if (!this.#isAnnounced) await this.#takeOver()
        this.#reportedAt = performance.now()
        await store.report(() => this.#reports(hasLeft))
        this.#outage.over()
      } catch (error) {
        this.#outage.failed(`the positions of queues could not be reported: ${messageOf(error)}`)
      }
      this.#isReporting = false
    })
    return this.#reporting
  }

  /** Goes on from where the consumers before left each queue. */
  async #takeOver(): Promise<void> {
    const { store, patienceMs } = this.#options
    const reports = await store.readReports()
    const { holds } = lowWatermark(reports, { wallNow: wallClock.now(), patienceMs })
    for (const [queue, state] of this.#queues) {
      const hold = holds.find((one) => one.queue === queue)
      const isRead = reports.some(({ queues, ageMs }) => queues[queue]?.at === null && ageMs < REPORT_MS * 2)
      // Where others have read it up to its end, so has this one.
      if (state.resumesAt !== undefined)
        state.resumesAt = hold ? hold.at : isRead ? undefined : state.resumesAt
      if (hold && wallClock.now() - hold.at > CURRENT)
        this.#options.logger.info(
          { queue },
          `the event clock was held at ${formatIso(hold.at)} for queue ${queue} and goes on from there`,
        )
    }
    const mine = new Set(this.#queues.keys())
    const ended = reports.filter(
      ({ queues, ageMs }) =>
        ageMs > FORGOTTEN_MS &&
        Object.entries(queues).every(([queue, { hasLeft }]) => hasLeft && mine.has(queue)),
    )
    // Reported first: nobody may see the queue without a position.
    await store.report(() => this.#reports(false))
    await store.forgetReports(ended.map(({ writer }) => writer))
    this.#isAnnounced = true
  }
}

/** The earliest of the times that there are. */
function earliest(...times: readonly (Micros | undefined)[]): Micros | undefined {
  const known = times.filter((time) => time !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}

/** Reports of consumers that left longer ago are deleted by the next one of their queues, ms. */
const FORGOTTEN_MS = 60_000
