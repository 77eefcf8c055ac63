import { csvLine, withoutFormula } from '../../text/csv.ts'
import { prometheusValue } from '../../text/prometheus-value.ts'
import { BUCKETS, type Dimension, type Level } from './service-levels.ts'

const COLUMNS = [
  ...['day', 'operation', 'value', 'attempts', 'done', 'failed', 'unfinished'],
  ...['mean_s', 'p50_s', 'p90_s', 'p99_s', 'max_s'],
] as const satisfies readonly (keyof Level)[]

/** Returns levels as CSV: a line each, after one with the names of the columns. Those over all days have `all` as day. */
export function levelsCsv(levels: readonly Level[], by: Dimension | undefined): string {
  const columns = COLUMNS.filter((name) => name !== 'value' || by !== undefined)
  const buckets = [...BUCKETS.map((bound) => `le_${bound}_s`), 'longer']
  const head = csvLine([...columns.map((name) => (name === 'value' ? (by as string) : name)), ...buckets])
  const lines = levels.map((level) =>
    csvLine([
      ...columns.map((name) => (name === 'day' && level.day === null ? 'all' : cell(level[name]))),
      ...level.histogram.map(String),
    ]),
  )
  return head + lines.join('')
}

function cell(value: string | number | null): string {
  return typeof value === 'string' ? withoutFormula(value) : String(value ?? '')
}

/** Returns the levels over all days in the format of Prometheus. They are of a window of time: gauges, not counters. */
export function levelsPrometheus(levels: readonly Level[], by: Dimension | undefined): string {
  const whole = levels.filter(({ day }) => day === null)
  const labels = ({ operation, value }: Level, more: string) =>
    `{operation="${operation}"${by ? `,${by}=${prometheusValue(value ?? '')}` : ''}${more}}`
  const lines = (name: string, rows: (level: Level) => readonly (readonly [string, number])[]) =>
    whole.flatMap((level) =>
      rows(level).map(([more, figure]) => `stacktach_service_level_${name}${labels(level, more)} ${figure}`),
    )
  return [
    '# HELP stacktach_service_level_attempts attempts of operations by how they ended',
    '# TYPE stacktach_service_level_attempts gauge',
    ...lines('attempts', ({ done, failed, unfinished }) =>
      Object.entries({ done, failed, unfinished }).map(([name, n]) => [`,outcome="${name}"`, n] as const),
    ),
    '# HELP stacktach_service_level_seconds quantiles of how long operations took that came to a good end',
    '# TYPE stacktach_service_level_seconds gauge',
    ...lines('seconds', ({ p50_s, p90_s, p99_s, max_s }) =>
      Object.entries({ 0.5: p50_s, 0.9: p90_s, 0.99: p99_s, 1: max_s }).flatMap(([share, seconds]) =>
        seconds === null ? [] : [[`,quantile="${share}"`, seconds] as const],
      ),
    ),
    '# HELP stacktach_service_level_bucket operations that took at most so many seconds',
    '# TYPE stacktach_service_level_bucket gauge',
    ...lines('bucket', ({ histogram }) => {
      let sum = 0
      return histogram.map((n, index) => {
        sum += n
        return [`,le="${BUCKETS[index] ?? '+Inf'}"`, sum] as const
      })
    }),
    '',
  ].join('\n')
}
