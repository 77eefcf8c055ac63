import type { Micros } from '../domain/time.ts'

/**
 * Event time: what decides grouping, firing and expiring. Machine time (leases, retries, retention) is the
 * store's own and never read here.
 */
export interface EventClock {
  now(): Micros
  /** An event of this timestamp is about to join streams: the time at which it does. */
  arrive(timestamp: Micros): Micros
  /** The events of a queue that arrived up to this time are stored now. */
  settled(queue: string, at: Micros): void
  /** Messages of a queue are at hand that are not stored yet: others must not run ahead of them. */
  hold(queue: string): void
  /** Of those at hand some were given back by others, and may be as old as this (0: not read yet); undefined: none. */
  holdReturned(queue: string, oldest: Micros | undefined): void
  /** What was at hand or on its way and is not stored goes to others: it must have come to them before time goes on. */
  gaveBack(queue: string): void
  /** No message of the queue is at hand. */
  release(queue: string): void
}

/** A clock that goes on by itself: events join at its time, whatever theirs. */
function independentClock(now: () => Micros): EventClock {
  return { now, arrive: now, settled() {}, hold() {}, holdReturned() {}, gaveBack() {}, release() {} }
}

/** The wall clock, in microseconds. */
export const wallClock: EventClock = independentClock(() => Date.now() * 1000)

/** Runs from `start` on, `speed` times as fast as life. */
export function createFastClock(start: Micros, speed: number): EventClock {
  const origin = performance.now()
  return independentClock(() => start + Math.round((performance.now() - origin) * 1000 * speed))
}

/** A clock that stands where it is put. */
export function createManualClock(start: Micros): EventClock & { set(now: Micros): void } {
  let now = start
  return {
    ...independentClock(() => now),
    set(time) {
      now = time
    },
  }
}
