import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { Config } from '../config/load/config.ts'
import { formatProblem, TransientError } from '../domain/errors.ts'
import { Backoff, sleep } from '../runtime/backoff.ts'
import type { Service } from '../runtime/lifecycle.ts'
import type { Logger } from '../runtime/logger.ts'

/**
 * Returns a signal that aborts at the first SIGTERM or SIGINT. The second one ends the process at once, with
 * 1 and a sentence on standard error.
 */
export function stopSignal(): AbortSignal {
  const stopping = new AbortController()
  const stop = (name: NodeJS.Signals) => {
    if (stopping.signal.aborted) {
      process.stderr.write(`ended at once by a second ${name}; what was not finished is not stored\n`)
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

/**
 * Starts a service, waits for the signal, and stops the service. Ends the process with 1 when it is still
 * alive `shutdownMs` after the signal.
 */
export async function runUntilStopped(
  service: Service,
  signal: AbortSignal,
  logger: Logger,
  shutdownMs: number,
): Promise<void> {
  await service.start()
  logger.info({}, 'running')
  if (!signal.aborted) {
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
  }
  logger.info({}, 'stopping')
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
export function logWarnings(config: Config, logger: Logger): void {
  for (const problem of config.warnings) {
    const level = problem.severity === 'error' ? 'error' : 'warn'
    logger[level]({ code: problem.code }, formatProblem(problem))
  }
}

/**
 * Opens a resource that a daemon needs to start, such as a store. Repeats after a TransientError. Resolves to
 * undefined when `signal` aborts first.
 */
export async function openWhenReady<T>(
  open: () => Promise<T>,
  signal: AbortSignal,
  logger: Logger,
): Promise<T | undefined> {
  const backoff = new Backoff({ initialMs: 200, maxMs: 10_000 })
  for (let failures = 0; !signal.aborted; failures++) {
    try {
      return await open()
    } catch (error) {
      if (!(error instanceof TransientError)) throw error
      if (failures === 0) logger.warn({}, `${error.message}; trying again until it works`)
    }
    await sleep(backoff.next(), signal)
  }
  return undefined
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
