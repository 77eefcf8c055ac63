import { describeHold, type WatermarkClock } from '../clock/watermark-clock.ts'
import type { Observation } from './observation.ts'

/** Reasons for which somebody should look, unlike a backlog that is being worked off. */
const NEEDS_CARE = new Set(['gone', 'silent', 'unread', 'stuck', 'starting'])
/** The clock may stand still for a moment, ms. */
const PATIENCE_MS = 60_000

/** Adds how far the event clock is behind to a process's metrics, and to its health why it stands still. */
export function observeClock(observation: Observation | undefined, clock: WatermarkClock): void {
  if (!observation) return
  observation.metrics.gauge('event_clock_lag_seconds', 'from the event clock to the wall clock', [], () => [
    { labels: {}, value: Math.max(0, Date.now() / 1000 - clock.now() / 1e6) },
  ])
  observation.health.add('event clock', () => {
    const { hold } = clock.state()
    const wallNow = Date.now() * 1000
    if (!hold || !NEEDS_CARE.has(hold.why) || wallNow - hold.at < PATIENCE_MS * 1000) return undefined
    return `the event clock stands ${describeHold(hold, wallNow)}`
  })
}
