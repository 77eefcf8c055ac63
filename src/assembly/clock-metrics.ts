import type { Hold } from '../clock/low-watermark.ts'
import { describeHold, type WatermarkClock } from '../clock/watermark-clock.ts'
import type { Micros } from '../domain/time.ts'
import type { Observation } from './observation.ts'

/** Reasons of a standing clock that need an operator, unlike a backlog that is being worked off. */
const NEEDS_CARE = new Set(['gone', 'silent', 'unread', 'stuck', 'starting'])
/** How long the clock may stand still before the health reports it, ms. */
const PATIENCE_MS = 60_000

/** Whether a hold has lasted for a minute and ends by an operator only, unlike a backlog that is being worked off. */
export function needsCare({ why, at }: Hold, wallNow: Micros): boolean {
  return NEEDS_CARE.has(why) && wallNow - at >= PATIENCE_MS * 1000
}

/**
 * Adds the lag of the event clock to the metrics, and the reason why the clock stands still to the health.
 */
export function observeClock(observation: Observation | undefined, clock: WatermarkClock): void {
  if (!observation) return
  observation.metrics.gauge('event_clock_lag_seconds', 'from the event clock to the wall clock', [], () => [
    { labels: {}, value: Math.max(0, Date.now() / 1000 - clock.now() / 1e6) },
  ])
  observation.health.add('event clock', () => {
    const { hold } = clock.state()
    const wallNow = Date.now() * 1000
    if (!hold || !needsCare(hold, wallNow)) return undefined
    return `the event clock stands ${describeHold(hold, wallNow)}`
  })
}
