import type { Collector } from '../../logs/collector/collector.ts'
import type { Processor } from '../../logs/processor/processor.ts'
import type { ProcessorCounters } from '../../logs/processor/processor-state.ts'
import type { DaemonStatus } from '../daemon-status.ts'

/** Files that are named in the status: those that wait longest. */
const NAMED_FILES = 5

/** Has a collector report to the status tree. */
export function followCollector(status: DaemonStatus, collector: Collector, target: string): void {
  status.set('logs_collector.target', target)
  status.follow(() => {
    const view = collector.view()
    const named = collector.lags().slice(0, NAMED_FILES)
    return {
      'logs_collector.files': view.files,
      'logs_collector.sent_bytes': view.bytes,
      'logs_collector.lag_bytes': view.lagBytes,
      'logs_collector.lag_s': view.lagSeconds.toFixed(1),
      'logs_collector.unanswered': view.unansweredMessages,
      'logs_collector.rotations': view.rotations,
      'logs_collector.reconnects': view.reconnects,
      'logs_collector.refusals': view.refusals,
      'logs_collector.hindrance': collector.hindrance(),
      ...Object.fromEntries(
        Array.from({ length: NAMED_FILES }, (_, index) => {
          const lag = named[index]
          const text = lag && `${lag.bytes} bytes, ${lag.seconds.toFixed(1)} s: ${lag.file}`
          return [`logs_collector.behind_${index + 1}`, text]
        }),
      ),
    }
  })
}

/** Has a processor report to the status tree. */
export function followProcessor(
  status: DaemonStatus,
  processor: Processor,
  counters: ProcessorCounters,
  hindrance: () => string | undefined,
): void {
  status.follow(() => ({
    'logs_processor.connections': processor.connectionCount,
    'logs_processor.messages': counters.messages,
    'logs_processor.received_bytes': counters.receivedBytes,
    'logs_processor.duplicates': counters.duplicates,
    'logs_processor.published_lines': counters.publishedLines,
    'logs_processor.refusals': Object.values(counters.refusals).reduce((sum, count) => sum + count, 0),
    'logs_processor.hindrance': hindrance(),
  }))
}
