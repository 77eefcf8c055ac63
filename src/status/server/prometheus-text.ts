import { prometheusValue } from '../../text/prometheus-value.ts'
import type { RefusalReason, Status } from '../tree/entry.ts'
import { byBytes } from '../tree/keys.ts'
import { numericValue } from '../tree/numeric-value.ts'

/** Returns ages, times to live and numeric values in the format of Prometheus, with the key as label. */
export function prometheusText(
  statuses: readonly Status[],
  refusals: ReadonlyMap<RefusalReason, number>,
): string {
  const sorted = statuses.toSorted((a, b) => byBytes(a.key, b.key))
  const ages = sorted.map((one) => `stacktach_status_age_seconds${labelOf(one)} ${one.since ?? one.age}`)
  const left = sorted.map((one) => `stacktach_status_left_seconds${labelOf(one)} ${one.ttl - one.age}`)
  const values = sorted.flatMap((one) => {
    const value = numericValue(one.value)
    return value === undefined ? [] : [`stacktach_status_value${labelOf(one)} ${value}`]
  })
  const refused = [...refusals].map(
    ([reason, count]) => `stacktach_status_refused_total{reason="${reason}"} ${count}`,
  )
  return [
    '# HELP stacktach_status_age_seconds time since a status was reported',
    '# TYPE stacktach_status_age_seconds gauge',
    ...ages,
    '# HELP stacktach_status_left_seconds time until a status is over',
    '# TYPE stacktach_status_left_seconds gauge',
    ...left,
    '# HELP stacktach_status_value value of a status that is a number',
    '# TYPE stacktach_status_value gauge',
    ...values,
    '# HELP stacktach_status_refused_total keys and bodies that were not taken',
    '# TYPE stacktach_status_refused_total counter',
    ...refused,
    '',
  ].join('\n')
}

function labelOf({ key }: Status): string {
  return `{key=${prometheusValue(key)}}`
}
