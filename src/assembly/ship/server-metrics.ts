import type { Metrics } from '../../observe/metrics.ts'
import type { RunningCentral } from './running-central.ts'

/** Adds what a ship-server knows of its hosts to the metrics. */
export function shipServerMetrics(metrics: Metrics, running: RunningCentral): void {
  const gauge = (name: string, help: string, read: () => number) =>
    metrics.gauge(name, help, [], () => [{ labels: {}, value: read() }])
  gauge('ship_server_hosts', 'hosts of the configuration', () => running.size)
  gauge(
    'ship_server_connected_hosts',
    'hosts whose agent is connected',
    () => running.central.connected.length,
  )
  metrics.gauge('ship_server_last_contact_seconds', 'time since a host was heard of', ['host'], () =>
    running
      .hosts()
      .flatMap(({ host, last_contact: at }) =>
        at === null ? [] : [{ labels: { host }, value: (Date.now() - Date.parse(at)) / 1000 }],
      ),
  )
  metrics.gauge('ship_server_pending_files', 'files of a host that are due and not shipped', ['host'], () =>
    running.hosts().map(({ host, pending_files: value }) => ({ labels: { host }, value })),
  )
}
