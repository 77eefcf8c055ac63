import type { Counters } from '../../heka/receivers/counters.ts'
import { createStatsApp } from '../../heka/stats/stats-app.ts'
import { createHttpService } from '../../http/http-service.ts'
import { Metrics } from '../../observe/metrics.ts'
import { samplesBy } from '../../observe/samples-by.ts'
import type { Service } from '../../runtime/lifecycle.ts'
import type { ListenAddress } from '../../runtime/listen-address.ts'

export type StatsParts = {
  /** null: none */
  readonly address: ListenAddress | null
  readonly counters: Counters
  readonly hindrance: () => string | undefined
  /** figures of the moment, by name */
  readonly gauges: { readonly [name: string]: { readonly help: string; readonly read: () => number } }
}

/** Creates the service of a daemon's statistics address: counters, health, and metrics for Prometheus. */
export function createStatsService({
  address,
  counters,
  hindrance,
  gauges,
}: StatsParts): Service | undefined {
  if (address === null) return undefined
  const metrics = new Metrics()
  metrics.counter('heka_events', 'what has become of messages, by counter', ['name'], () =>
    samplesBy('name', Object.entries(counters.all())),
  )
  for (const [name, { help, read }] of Object.entries(gauges))
    metrics.gauge(`heka_${name}`, help, [], () => [{ labels: {}, value: read() }])
  const text = async () => ({ contentType: metrics.contentType, text: await metrics.text() })
  const app = createStatsApp({ counters, hindrance, metrics: text })
  return createHttpService(app, address, 'STATS_ADDRESS', {
    refusals: 'text',
  })
}
