import { execFile } from 'node:child_process'
import { messageOf } from '../domain/errors.ts'
import type { Logger } from './logger.ts'

/** The program of systemd that sends a datagram to the manager: Node has no sockets of this kind. */
const NOTIFY = 'systemd-notify'
/** Signs of life in the time after which the manager takes the process for hung. */
const SIGNS = 3
/** Longest wait for the manager to take what it is told, ms. */
const PATIENCE_MS = 10_000

/**
 * Tells systemd how the process fares, where it runs in a unit with `Type=notify` and `NotifyAccess=all`; elsewhere
 * nothing happens. What it is told arrives in order.
 *
 * @example
 * const manager = new ServiceManager(process.env, logger)
 * manager.ready('running')
 */
export class ServiceManager {
  readonly #isThere: boolean
  readonly #watchdogMs: number | undefined
  readonly #logger: Pick<Logger, 'warn'>
  #told: Promise<void> = Promise.resolve()
  #signs: NodeJS.Timeout | undefined
  #hasFailed = false

  constructor(environment: NodeJS.ProcessEnv, logger: Pick<Logger, 'warn'>) {
    this.#isThere = Boolean(environment.NOTIFY_SOCKET)
    this.#watchdogMs = watchdogMsOf(environment)
    this.#logger = logger
  }

  /**
   * Reports that the process is up, and what it does, in a sentence. From now on it gives signs of life, as long as its
   * event loop turns: without them `WatchdogSec` ends it.
   */
  ready(sentence: string): void {
    this.#tell('READY=1', `STATUS=${sentence}`)
    if (!this.#isThere || this.#watchdogMs === undefined || this.#signs) return
    // Unreferenced, it does not keep the process alive.
    this.#signs = setInterval(() => this.#tell('WATCHDOG=1'), this.#watchdogMs / SIGNS).unref()
  }

  /** Reports that the configuration is being read again; `ready` ends it. */
  reloading(): void {
    const now = process.hrtime.bigint() / 1000n
    this.#tell('RELOADING=1', `MONOTONIC_USEC=${now}`)
  }

  /** Reports that the process finishes what it has in hand. */
  stopping(): void {
    this.#tell('STOPPING=1', 'STATUS=stopping')
  }

  /** Gives no more signs of life. */
  close(): void {
    clearInterval(this.#signs)
  }

  /** Resolves when all has been told. */
  settled(): Promise<void> {
    return this.#told
  }

  #tell(...state: readonly string[]): void {
    if (!this.#isThere) return
    this.#told = this.#told.then(() => notify(state)).catch((error) => this.#failed(error))
  }

  #failed(error: unknown): void {
    if (this.#hasFailed) return
    this.#hasFailed = true
    const remedy = 'install it, or use Type=exec in the unit'
    this.#logger.warn({}, `${NOTIFY} cannot tell the service manager: ${messageOf(error)}; ${remedy}`)
  }
}

/** Returns after how long without a sign of life this process is ended; undefined where it is not watched. */
function watchdogMsOf({ WATCHDOG_USEC, WATCHDOG_PID }: NodeJS.ProcessEnv): number | undefined {
  const isOfAnother = WATCHDOG_PID !== undefined && Number(WATCHDOG_PID) !== process.pid
  const micros = Number(WATCHDOG_USEC)
  return isOfAnother || !(micros > 0) ? undefined : micros / 1000
}

function notify(state: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(NOTIFY, [...state], { timeout: PATIENCE_MS }, (error) => (error ? reject(error) : resolve()))
  })
}
