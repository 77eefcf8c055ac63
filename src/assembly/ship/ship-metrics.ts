import type { Metrics } from '../../observe/metrics.ts'
import { samplesBy } from '../../observe/samples-by.ts'
import type { ShipState } from '../../ship/agent/ship-state.ts'

const COUNTED = {
  passes: 'looks at all files',
  shippedFiles: 'files that were uploaded and verified',
  shippedBytes: 'their size',
  deletedFiles: 'files that were deleted',
  deletedBytes: 'their size',
}

/** Adds what an agent counts to the metrics. `clock` returns milliseconds since the epoch. */
export function shipMetrics(metrics: Metrics, state: ShipState, clock: () => number): void {
  metrics.counters('ship', COUNTED, () => state.counters)
  const gauge = (name: string, help: string, read: () => number) =>
    metrics.gauge(name, help, [], () => [{ labels: {}, value: read() }])
  gauge(
    'ship_pending_files',
    'files that are due and could not be shipped or deleted',
    () => state.backlog.pendingFiles,
  )
  gauge('ship_pending_bytes', 'their size', () => state.backlog.pendingBytes)
  gauge('ship_oldest_due_seconds', 'for how long the oldest of them is due', () => {
    const { oldestDueAt } = state.backlog
    return oldestDueAt === undefined ? 0 : Math.max(0, (clock() - oldestDueAt) / 1000)
  })
  metrics.gauge('ship_troubles', 'these files by what hinders them', ['kind'], () =>
    samplesBy('kind', Object.entries(state.backlog.troubles)),
  )
}
