import type { ConsumerCounters } from '../consumer/counters.ts'
import type { Metrics } from '../runtime/metrics.ts'

/** What triggers with a debug_level have looked at, as metrics. */
export function triggerMetrics(metrics: Metrics, read: () => ConsumerCounters['triggers']): void {
  metrics.counter(
    'trigger_events',
    'events that a trigger with a debug_level has looked at',
    ['trigger', 'outcome'],
    () =>
      Object.entries(read()).flatMap(([trigger, counts]) =>
        Object.entries(counts).map(([outcome, value]) => ({ labels: { trigger, outcome }, value })),
      ),
  )
}
