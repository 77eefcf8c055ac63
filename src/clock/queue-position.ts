import { MICROS_PER_MINUTE, type Micros } from '../domain/time.ts'

export type QueuePositionOptions = {
  /** the wall clock */
  readonly wallNow: () => Micros
  /** machine time, ms */
  readonly machineNow: () => number
  /** Whether more messages wait than the broker may deliver. */
  readonly isFull?: () => boolean
}

/** Messages that are younger are of now: the queue has been read up to its end. */
export const CURRENT: Micros = MICROS_PER_MINUTE
/** A queue of which nothing has come for so long is read up to its end, ms. */
export const IDLE_MS = 5000

/** So many of the last messages decide where a queue stands. */
const WINDOW = 64
/** This share of old messages makes a backlog: fewer come from a publisher whose clock is behind. */
const BACKLOG_SHARE = 1 / 4
/** Of a backlog so few messages may be older than its position. */
const LATE_SHARE = 1 / 10
/** A backlog that has not come nearer to now for so long, though its queue is not full, is none, ms. */
const STEADY_MS = 10_000
const STEADY_RATE = 2

/**
 * Where a queue stands in event time: at the wall clock while its messages are of now, else at the time of its
 * notifications. Single timestamps move nothing: the last messages decide together, and a message from ahead of the wall
 * clock counts as one of now.
 *
 * A publisher whose clock is behind looks like a backlog as long as nothing else comes. It is told apart after ten
 * seconds: a backlog comes nearer to now, or fills the queue.
 */
export class QueuePosition {
  readonly #options: QueuePositionOptions
  /** the last timestamps, as a ring */
  readonly #times = new Float64Array(WINDOW)
  readonly #isOld = new Uint8Array(WINDOW)
  #count = 0
  #next = 0
  #old = 0
  /** when the last message arrived, on the machine's clock and on the wall clock */
  #arrivedAt = -Infinity
  #arrivedWall: Micros = -Infinity
  /** when the backlog began, on the machine's clock and in its messages */
  #begun: { readonly at: number; readonly time: Micros } | undefined
  #isSteady = false

  constructor(options: QueuePositionOptions) {
    this.#options = options
  }

  /** Whether the messages that arrived last are old. */
  get isBehind(): boolean {
    return this.#count > 0 && this.#old > this.#count * BACKLOG_SHARE && !this.#isSteady
  }

  /** Whether nothing is known of where the queue stands: no message came, or none for a while. */
  get isUnknown(): boolean {
    return this.#count === 0 || this.#hasPaused()
  }

  /** The messages that arrived last are old, and yet none wait: a publisher's clock must be behind. */
  get isSteady(): boolean {
    return this.#isSteady
  }

  /** Returns for how long, in ms, no message has arrived. */
  idleMs(): number {
    return this.#options.machineNow() - this.#arrivedAt
  }

  /**
   * Takes a message of this timestamp into account, and returns the event time at which its event joins streams: now,
   * or the message's own time while the queue is behind.
   */
  arrive(timestamp: Micros): Micros {
    const { wallNow, machineNow } = this.#options
    const [now, at] = [wallNow(), machineNow()]
    if (this.#hasPaused()) this.#clear()
    this.#arrivedAt = at
    this.#arrivedWall = now
    const time = Math.min(timestamp, now)
    this.#push(time, now - time > CURRENT)
    this.#watchProgress(at)
    return this.isBehind ? time : now
  }

  /** The machine's clock stands still while the machine is suspended; the wall clock does not. */
  #hasPaused(): boolean {
    const wallMs = (this.#options.wallNow() - this.#arrivedWall) / 1000
    return Math.max(this.idleMs(), wallMs) > IDLE_MS
  }

  /** Returns the time that nearly all messages from now on will reach; undefined while the queue is not behind. */
  position(): Micros | undefined {
    if (!this.isBehind) return undefined
    return this.#lowest()
  }

  /** The time that nine tenths of the last messages have reached. */
  #lowest(): Micros {
    const times = this.#times.slice(0, this.#count).sort()
    return times[Math.floor(this.#count * LATE_SHARE)] as Micros
  }

  /** Returns the latest of the times that arrived last; undefined before any did. */
  newest(): Micros | undefined {
    return this.#count === 0 ? undefined : Math.max(...this.#times.slice(0, this.#count))
  }

  #clear(): void {
    this.#count = 0
    this.#next = 0
    this.#old = 0
    this.#begun = undefined
    this.#isSteady = false
  }

  #push(time: Micros, isOld: boolean): void {
    if (this.#count === WINDOW) this.#old -= this.#isOld[this.#next] as number
    else this.#count++
    this.#times[this.#next] = time
    this.#isOld[this.#next] = Number(isOld)
    this.#old += Number(isOld)
    this.#next = (this.#next + 1) % WINDOW
  }

  #watchProgress(at: number): void {
    if (this.#old <= this.#count * BACKLOG_SHARE) {
      this.#begun = undefined
      this.#isSteady = false
      return
    }
    this.#begun ??= { at, time: this.#lowest() }
    const elapsedMs = at - this.#begun.at
    if (elapsedMs < STEADY_MS) return
    const isFull = this.#options.isFull?.() ?? false
    const time = this.#lowest()
    const isNearing = time - this.#begun.time > elapsedMs * 1000 * STEADY_RATE
    this.#isSteady = !isFull && !isNearing
    this.#begun = { at, time }
  }
}
