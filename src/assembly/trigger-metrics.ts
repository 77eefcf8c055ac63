import type { Metrics, Sample } from '../observe/metrics.ts'
import type { CountsByTrigger, DebugChecks } from '../streams/trigger-debug.ts'

/** Adds the counts of the triggers with a debug_level to the metrics. */
export function triggerMetrics(metrics: Metrics, read: () => CountsByTrigger): void {
  metrics.counter(
    'trigger_checks',
    'events and streams that a trigger with a debug_level has looked at',
    ['trigger', 'criteria', 'outcome'],
    () =>
      checksOf(read()).flatMap(([labels, { checks, passed }]) => [
        { labels: { ...labels, outcome: 'passed' }, value: passed },
        { labels: { ...labels, outcome: 'mismatch' }, value: checks - passed },
      ]),
  )
  metrics.counter(
    'trigger_mismatches',
    'checks of a trigger with debug_level 2 that did not pass, by reason',
    ['trigger', 'criteria', 'reason'],
    () =>
      checksOf(read()).flatMap(([labels, { reasons }]) =>
        Object.entries(reasons).map(([reason, value]) => ({ labels: { ...labels, reason }, value })),
      ),
  )
  metrics.counter(
    'trigger_debug',
    'what a trigger with a debug_level did, by the names of StackTach.v3',
    ['trigger', 'counter'],
    () =>
      Object.entries(read()).flatMap(([trigger, { counters }]) =>
        Object.entries(counters).map(([counter, value]) => ({ labels: { trigger, counter }, value })),
      ),
  )
}

function checksOf(counts: CountsByTrigger): [Sample['labels'], DebugChecks][] {
  return Object.entries(counts).flatMap(([trigger, { criteria }]) =>
    Object.entries(criteria).map(([group, checks]): [Sample['labels'], DebugChecks] => [
      { trigger, criteria: group },
      checks,
    ]),
  )
}
