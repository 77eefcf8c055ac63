import type { Micros } from '../domain/time.ts'

/**
 * Event time: what decides grouping, firing and expiring. Machine time (leases, retries, retention) is the
 * store's own and never read here.
 */
export interface EventClock {
  now(): Micros
  /** An event of this timestamp is about to join streams: the time at which it does. */
  arrive(timestamp: Micros): Micros
  /** What was said to have arrived so far is stored now. */
  settled(): void
}

/** The wall clock, in microseconds. */
export const wallClock: EventClock = {
  now: () => Date.now() * 1000,
  arrive: () => Date.now() * 1000,
  settled() {},
}

/** A clock that stands where it is put. */
export class ManualClock implements EventClock {
  #now: Micros

  constructor(now: Micros) {
    this.#now = now
  }

  now(): Micros {
    return this.#now
  }

  arrive(): Micros {
    return this.#now
  }

  settled(): void {}

  set(now: Micros): void {
    this.#now = now
  }
}

/** Runs from `start` on, `speed` times as fast as life. */
export function createFastClock(start: Micros, speed: number): EventClock {
  const origin = performance.now()
  const now = () => start + Math.round((performance.now() - origin) * 1000 * speed)
  return { now, arrive: now, settled() {} }
}
