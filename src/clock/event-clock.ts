import type { Micros } from '../domain/time.ts'
import type { NumberedReports, ReportedPositions } from '../store/ports/watermarks.ts'

/**
 * Event time: what decides grouping, firing and expiring. Machine time (leases, retries, retention) is the
 * store's own and never read here. docs/architecture/clocks.md has the rules.
 */
export interface EventClock {
  /** Returns the event time of this moment. */
  now(): Micros
  /**
   * Returns the event time of the moment at which consumers have reported these positions. A clock that does not follow
   * from positions has no such method.
   */
  dueBefore?(reports: readonly ReportedPositions[]): Micros
  /**
   * Returns the event time at which events join streams that a run makes, of a stream that was due at this time. A clock
   * without this method takes the time of this moment.
   */
  timeOfRun?(due: Micros): Micros
}

/** The position of a queue after a batch; undefined where it is read up to its end. */
export type BatchMark = Micros | undefined

/** The event clock of a consumer, which also learns from it which notifications come and which are stored. */
export interface IntakeClock extends EventClock {
  /** A queue will be read. `isFull`: whether more of its messages wait than the broker may deliver. */
  reads(queue: string, isFull: () => boolean): void
  /** A queue can be read from now on, or cannot any more. */
  reading(queue: string, isReading: boolean): void
  /** Whether the clock wants to know the time of the messages at hand before the first of them joins: see foresee. */
  isUnknown(queue: string): boolean
  /** A message at hand has this timestamp: those that come before it and have none are of the same time. */
  foresee(queue: string, timestamp: Micros): void
  /** Returns the time of a notification of the queue that has none of its own. */
  timeOf(queue: string): Micros
  /** Returns the event time at which an event of this timestamp joins its streams. */
  arrive(queue: string, timestamp: Micros): Micros
  /** Returns the position of the queue after the messages that arrived so far, which make a batch. */
  prepared(queue: string): BatchMark
  /** Returns the positions to be stored with a batch of the queue; undefined: none are. */
  reportsAfter(queue: string, mark: BatchMark): (() => NumberedReports) | undefined
  /** The events of a queue that arrived up to this time are stored, with the batch that has this mark. */
  storedUpTo(queue: string, at: Micros | undefined, mark: BatchMark): void
  /** Messages of a queue are at hand that are not stored yet: time goes on without them for nobody. */
  hold(queue: string): void
  /**
   * Called when some messages at hand were given back by others before; `oldest` is the timestamp of the
   * oldest (0: not decoded yet), or undefined when there are none.
   */
  holdReturned(queue: string, oldest: Micros | undefined): void
  /**
   * Called when unstored messages go back to the queue: another consumer must have them before time goes on.
   */
  gaveBack(queue: string): void
  /** Called when no message of the queue is at hand. */
  release(queue: string): void
}

/** Creates a clock that depends on no message: events join at its time, whatever their timestamps. */
function independentClock(now: () => Micros): IntakeClock {
  return {
    now,
    isUnknown: () => false,
    foresee() {},
    timeOf: now,
    arrive: now,
    prepared: () => undefined,
    reportsAfter: () => undefined,
    reads() {},
    reading() {},
    storedUpTo() {},
    hold() {},
    holdReturned() {},
    gaveBack() {},
    release() {},
  }
}

/** The wall clock, in microseconds. */
export const wallClock: IntakeClock = independentClock(() => Date.now() * 1000)

/** Creates a clock that runs from `start` on, `speed` times as fast as real time. */
export function createFastClock(start: Micros, speed: number): IntakeClock {
  const origin = performance.now()
  return independentClock(() => start + Math.round((performance.now() - origin) * 1000 * speed))
}

/**
 * Creates a clock that stands still until it is set.
 *
 * @example
 * const clock = createManualClock(0)
 * clock.set(60_000_000) // a minute later
 */
export function createManualClock(start: Micros): IntakeClock & { set(now: Micros): void } {
  let now = start
  return {
    ...independentClock(() => now),
    set(time) {
      now = time
    },
  }
}
