import type { Metrics } from '../../observe/metrics.ts'
import { samplesBy } from '../../observe/samples-by.ts'
import type { ShipProxy } from '../../ship/proxy/ship-proxy.ts'

/** Adds what a proxy counts to the metrics. */
export function proxyMetrics(metrics: Metrics, proxy: ShipProxy): void {
  const byBackend = (name: string, help: string, key: keyof ShipProxy['backends'][number]['counters']) =>
    metrics.counter(name, help, ['backend'], () =>
      proxy.backends.map((one) => ({ labels: { backend: one.name }, value: one.counters[key] })),
    )
  byBackend('ship_proxy_tunnels', 'tunnels that were opened', 'opened')
  byBackend('ship_proxy_failures', 'clients for which there was no connection', 'refused')
  byBackend('ship_proxy_bytes_out', 'bytes sent to the store', 'bytesOut')
  byBackend('ship_proxy_bytes_in', 'bytes received from the store', 'bytesIn')
  metrics.counter('ship_proxy_refusals', 'clients that were refused, by status', ['status'], () =>
    samplesBy(
      'status',
      [...proxy.refusals].map(([status, count]) => [String(status), count]),
    ),
  )
  metrics.gauge('ship_proxy_open_tunnels', 'tunnels that are open', [], () => [
    { labels: {}, value: proxy.tunnels },
  ])
}
