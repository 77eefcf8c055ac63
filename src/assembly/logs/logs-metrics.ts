import type { Collector } from '../../logs/collector/collector.ts'
import type { Processor } from '../../logs/processor/processor.ts'
import type { ProcessorCounters } from '../../logs/processor/processor-state.ts'
import type { Metrics } from '../../observe/metrics.ts'
import { samplesBy } from '../../observe/samples-by.ts'

/** Most files that have metrics of their own: those that wait longest. */
const MOST_FILES = 1000

const COLLECTED = {
  messages: 'messages that were sent',
  bytes: 'bytes of files that were sent',
  answers: 'answers of the processor',
  resentBytes: 'bytes that were sent again after a connection was lost',
  refusals: 'messages that the processor has refused',
  newLives: 'files that were read from their begin again, since they were cut or replaced',
  rotations: 'files that were renamed to NAME.old',
  failedRotations: 'attempts to do so that have failed',
  reconnects: 'connections that were made again',
  faults: 'files and folders that could not be read',
}

const PROCESSED = {
  connections: 'connections of collectors',
  messages: 'messages that have come',
  receivedBytes: 'their bytes',
  writtenBytes: 'bytes that were written to files',
  droppedBytes: 'bytes that were not written, since they had been before',
  duplicates: 'whole messages of these',
  answers: 'messages that were answered',
  brokenConnections: 'connections that were ended for what came on them',
  deniedConnections: 'connections that were refused for a wrong token or no encryption',
  publishedLines: 'lines that were published as notifications',
}

/** Adds what a collector counts, and how far it is with each file, to the metrics. */
export function collectorMetrics(metrics: Metrics, collector: Collector): void {
  metrics.counters('logs_collector', COLLECTED, () => collector.view())
  const gauge = (name: string, help: string, read: () => number) =>
    metrics.gauge(`logs_collector_${name}`, help, [], () => [{ labels: {}, value: read() }])
  gauge('files', 'files that are followed', () => collector.view().files)
  gauge('refused_files', 'files that the processor refuses', () => collector.view().refusedFiles)
  gauge('lag_bytes', 'bytes that are not answered, of all files', () => collector.view().lagBytes)
  gauge('lag_seconds', 'time for which the oldest of them has been there', () => collector.view().lagSeconds)
  gauge('unanswered_messages', 'messages that wait for an answer', () => collector.view().unansweredMessages)
  const lags = () => collector.lags().slice(0, MOST_FILES)
  metrics.gauge('logs_file_lag_bytes', 'bytes of a file that are not answered', ['file'], () =>
    samplesBy(
      'file',
      lags().map(({ file, bytes }) => [file, bytes]),
    ),
  )
  metrics.gauge('logs_file_lag_seconds', 'time for which the oldest of them has been there', ['file'], () =>
    samplesBy(
      'file',
      lags().map(({ file, seconds }) => [file, seconds]),
    ),
  )
}

/** Adds what a processor counts to the metrics. */
export function processorMetrics(metrics: Metrics, processor: Processor, counters: ProcessorCounters): void {
  metrics.counters('logs_processor', PROCESSED, () => ({ ...counters }))
  metrics.counter('logs_processor_refusals', 'messages that were refused', ['reason'], () =>
    samplesBy('reason', Object.entries(counters.refusals)),
  )
  const gauge = (name: string, help: string, read: () => number) =>
    metrics.gauge(`logs_processor_${name}`, help, [], () => [{ labels: {}, value: read() }])
  gauge('open_connections', 'connections that are there', () => processor.connectionCount)
  gauge('held_bytes', 'bytes of messages that are not worked off', () => processor.heldBytes)
}
