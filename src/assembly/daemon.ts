import { randomBytes } from 'node:crypto'
import { writeSync } from 'node:fs'
import { hostname } from 'node:os'
import type { Config } from '../config/load/config.ts'
import { type Finding, formatFinding, TransientError } from '../domain/errors.ts'
import { Backoff, sleep } from '../runtime/backoff.ts'
import type { Service } from '../runtime/lifecycle.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Outage } from '../runtime/outage.ts'
import type { ServiceManager } from '../runtime/service-manager.ts'
import type { DaemonStatus } from './daemon-status.ts'

/**
 * Returns a signal that aborts at the first SIGTERM or SIGINT. The second one ends the process at once, with
 * 1 and one sentence on standard error.
 */
export function stopSignal(): AbortSignal {
  const stopping = new AbortController()
  const stop = (name: NodeJS.Signals) => {
    if (stopping.signal.aborted) {
      writeSync(2, `ended by a second signal (${name}); what was in hand is not finished\n`)
      process.exit(1)
    }
    stopping.abort()
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  return stopping.signal
}

/** Returns a name that no other process has, on this host or another. */
export function processName(role: string): string {
  return `${role}-${hostname()}-${process.pid}-${randomBytes(4).toString('hex')}`
}

/** What a daemon waits for before it counts as running: a sentence for the log, and the end of the wait. */
export type FirstWait = { readonly sentence: string; readonly ended: Promise<void> }

/** How a daemon runs: until when, and whom it tells. */
export type DaemonRun = {
  /** aborts when the daemon is to stop */
  readonly signal: AbortSignal
  readonly logger: Logger
  /** longest time to stop in, ms */
  readonly shutdownMs: number
  readonly first?: FirstWait
  readonly manager?: ServiceManager
  readonly status?: DaemonStatus
}

/**
 * Starts a service, waits for the signal, and stops the service. Logs `running` when the service has started and
 * the first wait, if any, has ended. Ends the process with 1 when it is still alive `shutdownMs` after the
 * signal.
 */
export async function runUntilStopped(service: Service, run: DaemonRun): Promise<void> {
  const { signal, logger, shutdownMs, first, manager, status } = run
  if (first) logger.info({}, first.sentence)
  if (first) status?.setState(first.sentence)
  await service.start()
  if (first) manager?.ready(first.sentence)
  void (first?.ended ?? Promise.resolve()).then(() => {
    if (signal.aborted) return
    logger.info({}, 'running')
    status?.setState('running')
    manager?.ready('running')
  })
  if (!signal.aborted) {
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
  }
  logger.info({}, 'stopping')
  status?.setState('draining')
  manager?.stopping()
  // The timer also covers what is closed afterwards. Unreferenced, it does not keep the process alive.
  setTimeout(() => {
    logger.error({}, `not stopped within ${shutdownMs / 1000} s; what is not stored will be delivered again`)
    process.exit(1)
  }, shutdownMs).unref()
  await service.stop()
  logger.info({}, 'stopped')
}

/**
 * Logs the problems with which a configuration can be used, at the level at which `stv3 check` tells them:
 * errors, such as an unknown key, and warnings.
 */
export function logWarnings({ warnings }: Config, logger: Logger): void {
  logFindings(warnings, logger)
}

/** Logs findings, each at the level of its severity. */
export function logFindings(findings: readonly Finding[], logger: Logger): void {
  for (const finding of findings) {
    const level = finding.severity === 'error' ? 'error' : 'warn'
    logger[level]({ code: finding.code }, formatFinding(finding))
  }
}

/**
 * Opens a resource that a daemon needs to start, such as a store. Repeats after a TransientError; the service manager
 * hears that the daemon is up and waits. Resolves to undefined when `signal` aborts first.
 */
export async function openWhenReady<T extends object>(
  open: () => Promise<T>,
  signal: AbortSignal,
  outage: Outage,
  manager?: ServiceManager,
): Promise<T | undefined> {
  const backoff = new Backoff({ initialMs: 200, maxMs: 10_000 })
  while (!signal.aborted) {
    try {
      // A server that says nothing must not hold up the end of the process.
      const opened = await Promise.race([open(), abortionOf(signal)])
      if (opened === undefined) return undefined
      outage.over()
      return opened
    } catch (error) {
      if (!(error instanceof TransientError)) throw error
      outage.failed(error.message)
      manager?.ready(`waiting: ${error.message}`)
    }
    await sleep(backoff.next(), signal)
  }
  return undefined
}

/** Resolves when a signal aborts. */
function abortionOf(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined), { once: true }))
}

/** Creates a service that logs counters after each period in which they changed, and when it stops. */
export function createStatistics(logger: Logger, periodMs: number, read: () => object): Service {
  let timer: NodeJS.Timeout | undefined
  let last = JSON.stringify(read())
  const log = () => {
    const counters = read()
    const text = JSON.stringify(counters)
    if (text !== last) logger.info(counters, 'statistics')
    last = text
  }
  return {
    async start() {
      timer = setInterval(log, periodMs)
    },
    async stop() {
      clearInterval(timer)
      log()
    },
  }
}
