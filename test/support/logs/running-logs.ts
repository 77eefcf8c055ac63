import { onTestFinished } from 'vitest'
import { Collector, type CollectorParts } from '../../../src/logs/collector/collector.ts'
import { OffsetsStore } from '../../../src/logs/collector/offsets-store.ts'
import { compilePatterns } from '../../../src/logs/collector/patterns.ts'
import { FileSink, stateDirOf } from '../../../src/logs/processor/file-sink.ts'
import { compilePath } from '../../../src/logs/processor/path-template.ts'
import { Processor, type ProcessorParts } from '../../../src/logs/processor/processor.ts'
import { type ProcessorCounters, zeroCounters } from '../../../src/logs/processor/processor-state.ts'
import type { Sink } from '../../../src/logs/processor/sink.ts'
import type { Logger } from '../../../src/runtime/logger.ts'

const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => SILENT }

export type RunningProcessor = {
  readonly processor: Processor
  readonly sink: Sink
  readonly counters: ProcessorCounters
}

/** Starts a processor in this process, which is stopped when the test ends. */
export async function startProcessor(
  targetDir: string,
  parts: Partial<ProcessorParts> & { readonly path?: string; readonly isSynced?: boolean } = {},
): Promise<RunningProcessor> {
  const counters = zeroCounters()
  const logger = parts.logger ?? SILENT
  const sink =
    parts.sink ??
    new FileSink({
      targetDir,
      stateDir: stateDirOf(targetDir, {}),
      path: compilePath(parts.path ?? '%file'),
      isSynced: parts.isSynced ?? false,
      makesFolders: false,
      ...{ counters, logger },
    })
  const processor = new Processor({
    address: { host: '127.0.0.1', port: 0 },
    ...{ counters, maxMessageBytes: 64 << 20, takesZstd: true, token: undefined, tls: undefined, logger },
    ...parts,
    sink,
  })
  await processor.start()
  onTestFinished(() => processor.stop())
  return { processor, sink, counters }
}

export type CollectorSettings = Partial<Omit<CollectorParts, 'store' | 'folder' | 'isWanted'>> & {
  readonly include?: readonly string[]
  readonly exclude?: readonly string[]
  readonly store?: OffsetsStore
}

/** Starts a collector in this process, which is stopped when the test ends. */
export async function startCollector(
  folder: string,
  db: string,
  port: number,
  { include = [], exclude = [], ...parts }: CollectorSettings = {},
): Promise<Collector> {
  const logger = parts.logger ?? SILENT
  const collector = new Collector({
    folder: Buffer.from(folder),
    isRecursive: false,
    isWanted: compilePatterns({ include, exclude }),
    rotateBytes: 0,
    store: new OffsetsStore(db, logger),
    target: { host: '127.0.0.1', port },
    host: 'here',
    ...{ token: undefined, zstd: false, logger },
    ...parts,
  })
  await collector.start()
  onTestFinished(() => collector.stop())
  return collector
}
