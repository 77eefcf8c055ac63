import type { Metrics } from '../observe/metrics.ts'
import { samplesBy } from '../observe/samples-by.ts'
import type { Status } from '../status/create-status.ts'
import { numericValue } from '../status/tree/numeric-value.ts'

/** Most keys of the status tree that become metrics. */
const MOST_KEYS = 1000

/** Adds ages and numeric values of the status tree, and what was refused, to the metrics of a daemon. */
export function statusMetrics(metrics: Metrics, tree: Status): void {
  const listed = () => tree.list().slice(0, MOST_KEYS)
  metrics.gauge('status_age_seconds', 'time since a key of the status tree was reported', ['key'], () =>
    samplesBy(
      'key',
      listed().map(({ key, age, since = age }) => [key, since] as const),
    ),
  )
  metrics.gauge('status_value', 'value of a key of the status tree that is a number', ['key'], () =>
    samplesBy(
      'key',
      listed().flatMap(({ key, value }) => {
        const number = numericValue(value)
        return number === undefined ? [] : [[key, number] as const]
      }),
    ),
  )
  metrics.counter('status_refused', 'keys and bodies that the status tree has refused', ['reason'], () =>
    samplesBy('reason', tree.refusals()),
  )
}
