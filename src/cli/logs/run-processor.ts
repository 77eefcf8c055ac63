import { resolve } from 'node:path'
import { processName, runUntilStopped, stopSignal } from '../../assembly/daemon.ts'
import { daemonStatus } from '../../assembly/daemon-status.ts'
import { processorMetrics } from '../../assembly/logs/logs-metrics.ts'
import { followProcessor } from '../../assembly/logs/logs-status.ts'
import { observeAt } from '../../assembly/observation.ts'
import { Hangups } from '../../assembly/reload/hangups.ts'
import { ConfigError, messageOf } from '../../domain/errors.ts'
import { FileSink, stateDirOf } from '../../logs/processor/file-sink.ts'
import { compilePath } from '../../logs/processor/path-template.ts'
import { Processor } from '../../logs/processor/processor.ts'
import { type ProcessorCounters, zeroCounters } from '../../logs/processor/processor-state.ts'
import type { Sink } from '../../logs/processor/sink.ts'
import type { ProcessorTls } from '../../logs/processor/tls-entrance.ts'
import { createGroup, type Service } from '../../runtime/lifecycle.ts'
import type { Logger } from '../../runtime/logger.ts'
import { keepHeapSmall, keepYoungHeapSmall, releaseMemory } from '../../runtime/memory.ts'
import { memoryRelief } from '../../runtime/memory-relief.ts'
import { ServiceManager } from '../../runtime/service-manager.ts'
import { readTlsFiles } from '../../runtime/tls-files.ts'
import { loggerOf } from '../logger-of.ts'
import { UsageError } from '../program.ts'
import type { ProcessorOptions } from './logs-options.ts'
import { requireAddress, tokenOf } from './logs-settings.ts'

/** Longest time to write what is in hand, ms. */
const SHUTDOWN_MS = 20_000
const MB = 1 << 20
/** A process that holds more gives back what is free, MB. */
const RELIEF_MB = 85

/** Runs the processor until it is told to stop. */
export async function runProcessor(options: ProcessorOptions): Promise<void> {
  const { queue, config } = options
  if ((queue === undefined) !== (config === undefined)) throw new UsageError('--queue and -c go together')
  const signal = stopSignal()
  const hangups = new Hangups()
  keepHeapSmall()
  keepYoungHeapSmall()
  const logger = loggerOf(options)
  const counters = zeroCounters()
  const address = requireAddress(options.listenAddress, '--listen-address')
  const [tls, token] = [await tlsOf(options), await tokenOf(options.tokenFile)]
  const { sink, close } = await sinkOf(options, counters, logger, signal)
  try {
    const processor = new Processor({
      ...{ address, sink, counters, token, tls, logger },
      maxMessageBytes: options.maxMessageMb * MB,
      takesZstd: true,
    })
    const reopen = () => {
      sink.reopen()
      return 'files are opened by their names again'
    }
    process.on('SIGUSR1', () => logger.info({}, reopen()))
    hangups.listen(async () => {
      const sentence = reopen()
      try {
        processor.useToken(await tokenOf(options.tokenFile))
        logger.info({}, sentence)
        return { ok: true, sentence }
      } catch (error) {
        logger.error({}, `the token is the one of before: ${messageOf(error)}`)
        return { ok: false, sentence: messageOf(error) }
      }
    })
    await run(processor, sink, options, { counters, logger, signal })
  } finally {
    await close()
  }
}

type Run = { readonly counters: ProcessorCounters; readonly logger: Logger; readonly signal: AbortSignal }

async function run(
  processor: Processor,
  sink: Sink,
  options: ProcessorOptions,
  { counters, logger, signal }: Run,
) {
  const observation = options.status && (await observeAt(options.status, 'logs-processor', 'wall'))
  const manager = new ServiceManager(process.env, logger)
  const name = processName('logs-processor')
  const status = daemonStatus({ settings: {}, role: 'logs_processor', name, logger, observation })
  followProcessor(status, processor, counters, () => sink.hindrance())
  if (observation) {
    processorMetrics(observation.metrics, processor, counters)
    observation.health.add('processor', () => sink.hindrance())
  }
  const observed = observation ? [observation.serve(logger)] : []
  const services: Service[] = [processor, ...observed, status, memoryRelief(RELIEF_MB)]
  releaseMemory()
  await runUntilStopped(createGroup(services), { signal, logger, shutdownMs: SHUTDOWN_MS, manager, status })
}

async function sinkOf(
  options: ProcessorOptions,
  counters: ProcessorCounters,
  logger: Logger,
  signal: AbortSignal,
): Promise<{ readonly sink: Sink; close(): Promise<void> }> {
  const { queue, config, targetDir, stateDir, fsync, makeDirs, path } = options
  if (queue !== undefined && config !== undefined) {
    // What writes files does not carry the code of brokers and configurations.
    const { openQueueSink } = await import('../../assembly/logs/open-queue-sink.ts')
    return openQueueSink({ config, queue, counters, logger, signal })
  }
  const sink = new FileSink({
    targetDir: resolve(targetDir),
    stateDir: stateDir ?? stateDirOf(targetDir, process.env),
    path: compilePath(path),
    isSynced: fsync === true,
    makesFolders: makeDirs === true,
    ...{ counters, logger },
  })
  return { sink, close: async () => {} }
}

async function tlsOf(options: ProcessorOptions): Promise<ProcessorTls | undefined> {
  const { tlsCert, tlsKey, tlsCa, allowPlain } = options
  if (tlsCert === undefined && tlsKey === undefined && tlsCa === undefined) {
    if (allowPlain) throw new UsageError('--allow-plain goes with --tls-cert')
    return undefined
  }
  if (tlsCert === undefined || tlsKey === undefined)
    throw new ConfigError('--tls-cert and --tls-key must be given together')
  const context = await readTlsFiles({ cert: tlsCert, key: tlsKey, ca: tlsCa }, process.cwd())
  return { context, asksCertificate: tlsCa !== undefined, allowsPlain: allowPlain === true }
}
