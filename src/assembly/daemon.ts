import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { Config } from '../config/load/config.ts'
import { formatProblem, TransientError } from '../domain/errors.ts'
import { Backoff, sleep } from '../runtime/backoff.ts'
import type { Service } from '../runtime/lifecycle.ts'
import type { Logger } from '../runtime/logger.ts'

/** Aborted by the first SIGTERM or SIGINT; the second one ends the process at once. */
export function stopSignal(): AbortSignal {
  const stopping = new AbortController()
  const stop = () => {
    if (stopping.signal.aborted) process.exit(1)
    stopping.abort()
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  return stopping.signal
}

/** A name that no other process has, here or on another host. */
export function processName(role: string): string {
  return `${role}-${hostname()}-${process.pid}-${randomBytes(4).toString('hex')}`
}

/**
 * Starts a service, waits for the signal, and stops it. The process ends with 1 when it lives longer than the deadline
 * after that.
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
  // It holds for what is closed afterwards too, and keeps nothing that has ended from ending.
  setTimeout(() => {
    logger.error({}, `not stopped within ${shutdownMs / 1000} s; what is not stored will be delivered again`)
    process.exit(1)
  }, shutdownMs).unref()
  await service.stop()
  logger.info({}, 'stopped')
}

/** Tells what is wrong with a configuration that can be used all the same. */
export function logWarnings(config: Config, logger: Logger): void {
  for (const problem of config.warnings) logger.warn({ code: problem.code }, formatProblem(problem))
}

/** Opens what a daemon cannot start without, waiting for a server that is away. */
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

/** Logs what counters say, each period in which they changed. */
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
