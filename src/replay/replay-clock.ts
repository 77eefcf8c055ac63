import type { EventClock } from '../clock/event-clock.ts'
import { lowWatermark } from '../clock/low-watermark.ts'
import type { Micros } from '../domain/time.ts'

export type ReplayClockOptions = {
  /** the queue under which the replay reports, whose own reports do not hold its clock */
  readonly queue: string
  readonly patienceMs: number
  readonly wallNow: () => Micros
}

/** The event clock of a replay's own worker: the time up to which the replay has stored everything. */
export type ReplayClock = EventClock & {
  /** Moves the clock forward; it never goes back, and never past the wall clock. */
  advance(to: Micros): void
}

/** Creates the clock of a replay. Consumers that work off a backlog of earlier times hold it, as they hold all workers. */
export function createReplayClock({ queue, patienceMs, wallNow }: ReplayClockOptions): ReplayClock {
  let now = 0
  return {
    now: () => now,
    advance(to) {
      now = Math.max(now, Math.min(to, wallNow()))
    },
    dueBefore(reports) {
      const others = reports.map((report) => {
        const { [queue]: _, ...queues } = report.queues
        return { ...report, queues }
      })
      return Math.min(now, lowWatermark(others, { wallNow: wallNow(), patienceMs }).hold?.at ?? now)
    },
    // What a run makes joins as if the run had been in time.
    timeOfRun: (due) => Math.min(due, now),
  }
}
