import type { Micros } from '../domain/time.ts'

/**
 * Event time: what decides grouping, firing and expiring. Machine time (leases, retries, retention) is the
 * store's own and never read here.
 */
export interface EventClock {
  /** Returns the event time of this moment, which never goes back. */
  now(): Micros
}

/** The event clock of a consumer, which also learns from it which notifications come and which are stored. */
export interface IntakeClock extends EventClock {
  /** Returns the event time at which an event of this timestamp joins its streams. */
  arrive(timestamp: Micros): Micros
  /** The events of a queue that arrived up to this time are stored. */
  storedUpTo(queue: string, at: Micros): void
  /** Messages of a queue are at hand that are not stored yet: time goes on without them for nobody. */
  hold(queue: string): void
  /**
   * Some messages at hand were given back by others before; the oldest has this timestamp (0: not decoded yet).
   * Undefined: none was.
   */
  holdReturned(queue: string, oldest: Micros | undefined): void
  /** Unstored messages go back to the queue: another consumer must have them before time goes on. */
  gaveBack(queue: string): void
  /** No message of the queue is at hand. */
  release(queue: string): void
}

/** A clock that goes on by itself: events join at its time, whatever theirs. */
function independentClock(now: () => Micros): IntakeClock {
  return { now, arrive: now, storedUpTo() {}, hold() {}, holdReturned() {}, gaveBack() {}, release() {} }
}

/** The wall clock, in microseconds. */
export const wallClock: IntakeClock = independentClock(() => Date.now() * 1000)

/** Runs from `start` on, `speed` times as fast as life. */
export function createFastClock(start: Micros, speed: number): IntakeClock {
  const origin = performance.now()
  return independentClock(() => start + Math.round((performance.now() - origin) * 1000 * speed))
}

/** A clock that stands where it is put. */
export function createManualClock(start: Micros): IntakeClock & { set(now: Micros): void } {
  let now = start
  return {
    ...independentClock(() => now),
    set(time) {
      now = time
    },
  }
}
