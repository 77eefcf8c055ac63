import type { Micros } from '../domain/time.ts'

/**
 * The clock of event time, which decides grouping, firing and expiring. Machine time (leases, retries,
 * retention) is the store's own and never read here.
 */
export interface EventClock {
  /** Returns the event time of this moment, which never goes back. */
  now(): Micros
}

/** The event clock of a consumer, which reports the notifications that arrive and those that are stored. */
export interface IntakeClock extends EventClock {
  /** Returns the event time at which an event of this timestamp joins its streams. */
  arrive(timestamp: Micros): Micros
  /** Called when the events of a queue that arrived up to this time are stored. */
  storedUpTo(queue: string, at: Micros): void
  /**
   * Called when a queue has messages that are not stored yet; until they are, no process's time passes them.
   */
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
  return { now, arrive: now, storedUpTo() {}, hold() {}, holdReturned() {}, gaveBack() {}, release() {} }
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
