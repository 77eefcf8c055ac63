import type { EventClock } from '../clock/event-clock.ts'
import type { Micros } from '../domain/time.ts'

/** The event clock of a replay's own worker: the time up to which the replay has stored everything. */
export type ReplayClock = EventClock & {
  /** Moves the clock forward; it never goes back, and never past the wall clock. */
  advance(to: Micros): void
}

/** Creates the clock of a replay. Whoever else stores at the same time does not hold it: the replay's streams are its own. */
export function createReplayClock(wallNow: () => Micros): ReplayClock {
  let now = 0
  return {
    now: () => now,
    advance(to) {
      now = Math.max(now, Math.min(to, wallNow()))
    },
    // Of the two times at which a stream is due the earlier one decides.
    dueBefore: () => now,
    // What a run makes joins as if the run had been in time.
    timeOfRun: (due) => Math.min(due, now),
  }
}
