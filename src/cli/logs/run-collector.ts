import { statSync } from 'node:fs'
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { processName, runUntilStopped, stopSignal } from '../../assembly/daemon.ts'
import { daemonStatus } from '../../assembly/daemon-status.ts'
import { collectorMetrics } from '../../assembly/logs/logs-metrics.ts'
import { followCollector } from '../../assembly/logs/logs-status.ts'
import { observeAt } from '../../assembly/observation.ts'
import { Hangups } from '../../assembly/reload/hangups.ts'
import { ConfigError, messageOf } from '../../domain/errors.ts'
import { Collector } from '../../logs/collector/collector.ts'
import { OffsetsStore } from '../../logs/collector/offsets-store.ts'
import { compilePatterns } from '../../logs/collector/patterns.ts'
import type { Target } from '../../logs/collector/processor-link.ts'
import { createGroup } from '../../runtime/lifecycle.ts'
import { isLoopback } from '../../runtime/listen-address.ts'
import type { Logger } from '../../runtime/logger.ts'
import { keepHeapSmall, keepYoungHeapSmall, releaseMemory } from '../../runtime/memory.ts'
import { memoryRelief } from '../../runtime/memory-relief.ts'
import { ServiceManager } from '../../runtime/service-manager.ts'
import { readTlsFiles } from '../../runtime/tls-files.ts'
import { loggerOf } from '../logger-of.ts'
import { UsageError } from '../program.ts'
import type { CollectorOptions } from './logs-options.ts'
import { requireAddress, tokenOf } from './logs-settings.ts'
import { planCollection } from './plan-collection.ts'

/** Longest time to send and answer what is in hand, ms. */
const SHUTDOWN_MS = 20_000
const MB = 1_000_000
/** A process that holds more gives back what is free, MB. */
const RELIEF_MB = 85

/** Runs the collector until it is told to stop, or prints what it would send. */
export async function runCollector(options: CollectorOptions): Promise<void> {
  const { dryRun, json, sourceDir, offsetsDb } = options
  if (json && !dryRun) throw new UsageError('--json goes with --dry-run')
  requireNoFile(sourceDir)
  const logger = loggerOf(options)
  const folder = Buffer.from(resolve(sourceDir))
  const isWanted = compilePatterns(options)
  const store = new OffsetsStore(resolve(offsetsDb), logger)
  const rotateBytes = options.rotateBytes ?? options.rotateMb * MB
  const isRecursive = options.recursive === true
  if (dryRun)
    return planCollection({ folder, isRecursive, isWanted, rotateBytes, store, json: json === true })
  const signal = stopSignal()
  const hangups = new Hangups()
  keepHeapSmall()
  keepYoungHeapSmall()
  const { target, token } = await credentialsOf(options)
  const host = options.host ?? hostname()
  const parts = { folder, isRecursive, isWanted, rotateBytes, store, target, host, token, logger }
  const collector = new Collector({ ...parts, zstd: options.zstd === true })
  await run(collector, options, { signal, logger, hangups })
}

type Run = { readonly signal: AbortSignal; readonly logger: Logger; readonly hangups: Hangups }

async function run(
  collector: Collector,
  options: CollectorOptions,
  { signal, logger, hangups }: Run,
): Promise<void> {
  const observation = options.status && (await observeAt(options.status, 'logs-collector', 'wall'))
  const manager = new ServiceManager(process.env, logger)
  const name = processName('logs-collector')
  const status = daemonStatus({ settings: {}, role: 'logs_collector', name, logger, observation })
  followCollector(status, collector, options.targetAddress)
  if (observation) {
    collectorMetrics(observation.metrics, collector)
    observation.health.add('collector', () => collector.hindrance())
  }
  hangups.listen(() => reload(collector, options, logger))
  const observed = observation ? [observation.serve(logger)] : []
  const services = [collector, ...observed, status, memoryRelief(RELIEF_MB)]
  releaseMemory()
  await runUntilStopped(createGroup(services), { signal, logger, shutdownMs: SHUTDOWN_MS, manager, status })
}

/** Reads the files of token and certificates again, looks at all files, and connects anew. */
async function reload(collector: Collector, options: CollectorOptions, logger: Logger) {
  try {
    const { target, token } = await credentialsOf(options)
    collector.reload(compilePatterns(options), target, token)
    const sentence = 'token and certificates are read again, and the processor is connected to anew'
    logger.info({}, sentence)
    return { ok: true, sentence }
  } catch (error) {
    const sentence = `nothing has changed: ${messageOf(error)}`
    logger.error({}, sentence)
    return { ok: false, sentence }
  }
}

async function credentialsOf(
  options: CollectorOptions,
): Promise<{ target: Target; token: string | undefined }> {
  const { tls, tlsCa, tlsCert, tlsKey, tokenFile, insecure } = options
  const address = requireAddress(options.targetAddress, '--target-address')
  const isEncrypted = tls || tlsCa !== undefined || tlsCert !== undefined
  const token = await tokenOf(tokenFile)
  if (token !== undefined && !isEncrypted && !insecure && !isLoopback(address.host))
    throw new ConfigError(
      `everybody on the way to ${address.host} could read the token: give --tls or --tls-ca, or --insecure`,
    )
  if ((tlsCert === undefined) !== (tlsKey === undefined))
    throw new ConfigError('--tls-cert and --tls-key must be given together')
  const files = { ca: tlsCa, cert: tlsCert, key: tlsKey }
  return {
    target: { ...address, tls: isEncrypted ? await readTlsFiles(files, process.cwd()) : undefined },
    token,
  }
}

/** Throws UsageError where the folder is a file. */
function requireNoFile(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isFile())
    throw new UsageError(`--source-dir is ${path}, which is a file; expected a folder`)
}
