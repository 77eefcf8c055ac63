import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { load } from 'js-yaml'
import { expect, test } from 'vitest'
import { apiMetrics } from '../../../src/assembly/api-metrics.ts'
import { observeClock } from '../../../src/assembly/clock-metrics.ts'
import { consumerMetrics } from '../../../src/assembly/consumer-metrics.ts'
import { slowRunMetrics, workerMetrics } from '../../../src/assembly/worker-metrics.ts'
import { WatermarkClock } from '../../../src/clock/watermark-clock.ts'
import { createConsumerCounters } from '../../../src/consumer/counters.ts'
import { Health } from '../../../src/observe/health.ts'
import { Metrics } from '../../../src/observe/metrics.ts'
import { createWorkerCounters } from '../../../src/pipeline/worker/worker-counters.ts'
import { silentLogger } from '../../../src/runtime/logger.ts'
import { createSqlStore } from '../../../src/store/sql-store.ts'
import { dashboardQueries } from '../../support/dashboard-queries.ts'
import { DATABASES } from '../../support/databases.ts'

const RULES = resolve(import.meta.dirname, '../../../ansible/prometheus/rules.yml')
/** Of Prometheus itself, node_exporter and blackbox_exporter. */
const OF_OTHERS = [
  ...['up', 'node_filesystem_avail_bytes', 'node_filesystem_size_bytes', 'probe_ssl_earliest_cert_expiry'],
]

/** Returns the names of all series that consumers, workers and the API have. */
async function seriesNames(): Promise<Set<string>> {
  const metrics = new Metrics()
  const store = await createSqlStore(await (DATABASES[0] as (typeof DATABASES)[0]).open(), { writer: 'test' })
  consumerMetrics(metrics, createConsumerCounters())
  // Consumers and workers count the checks of triggers under one name.
  const ofWorkers = new Metrics()
  workerMetrics(ofWorkers, createWorkerCounters(), store)
  slowRunMetrics(ofWorkers, { slowRuns: () => new Map() })
  const clock = new WatermarkClock({ store, logger: silentLogger, patienceMs: 1000 })
  observeClock(
    { metrics, health: new Health(), addFacts: () => {}, addTree: () => {}, serve: () => clock },
    clock,
  )
  apiMetrics(metrics)
  const text = (await metrics.text()) + (await ofWorkers.text())
  await store.close()
  const names = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name = '', type]) =>
    type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  )
  return new Set(names)
}

/** Returns the names of metrics in a query: words before a selector, a range or an operator, no functions and labels. */
function namesIn(query: string): string[] {
  const bare = query
    .replaceAll(/"[^"]*"/g, '""')
    .replaceAll(/\{[^}]*\}/g, '')
    .replaceAll(/\b(by|on|without|ignoring)\s*\([^)]*\)/g, '')
    .replaceAll(/\[[^\]]*\]/g, '')
  return [...bare.matchAll(/[a-z_][a-z0-9_]*(?!\w*\s*\()/g)]
    .map(([name]) => name)
    .filter((name) => name.includes('_') || name === 'up')
}

test('each query of the dashboard and of the alerts names metrics that there are', async () => {
  const known = await seriesNames()
  for (const name of OF_OTHERS) known.add(name)
  const { groups } = load(readFileSync(RULES, 'utf8')) as {
    groups: { rules: { alert: string; expr: string }[] }[]
  }
  const alerts = groups.flatMap(({ rules }) =>
    rules.map(({ alert, expr }) => ({ title: alert, query: expr })),
  )
  const queries = [...dashboardQueries(), ...alerts]
  expect(queries.length).toBeGreaterThan(30)
  for (const { title, query } of queries) {
    const names = namesIn(query).filter((name) => !/^(histogram_quantile|label_values)$/.test(name))
    expect(names, title).not.toEqual([])
    expect(
      names.filter((name) => !known.has(name)),
      `${title}: ${query}`,
    ).toEqual([])
  }
})
