import type { Micros } from '../domain/time.ts'
import type { Watermarks } from '../store/ports/watermarks.ts'
import { wallClock } from './event-clock.ts'
import { type Hold, lowWatermark } from './low-watermark.ts'

/** How the event clock of a deployment is configured. */
export type ClockSettings = {
  readonly mode: 'auto' | 'wall' | 'time_sync'
  /** how long a queue that no consumer reads any more holds the clock, ms */
  readonly patienceMs: number
  /** the clock of this process, where all parts share one, else the wall clock */
  readonly now?: (() => Micros) | undefined
}

/** The event clock as somebody who asks reads it. */
export type ClockReading = {
  readonly mode: ClockSettings['mode']
  /** undefined: only the time service knows it */
  readonly now: Micros | undefined
  readonly wallNow: Micros
  /** who holds the clock, the earliest first */
  readonly holds: readonly Hold[]
}

/** Reads the event clock of a deployment, and who holds it. */
export async function readClock(
  store: Pick<Watermarks, 'readReports'>,
  { mode, patienceMs, now = wallClock.now }: ClockSettings,
): Promise<ClockReading> {
  const wallNow = now()
  const reports = mode === 'auto' ? await store.readReports() : []
  const { hold, holds } = lowWatermark(reports, { wallNow, patienceMs })
  const eventNow = mode === 'time_sync' ? undefined : Math.min(wallNow, hold?.at ?? wallNow)
  return { mode, now: eventNow, wallNow, holds }
}
