import type { Broker } from '../../broker/broker.ts'
import type { Service } from '../../runtime/lifecycle.ts'
import type { LogFormat } from '../../runtime/log/log-format.ts'
import { logLevelOf } from '../../runtime/log/log-level.ts'
import { createLogger, type Logger } from '../../runtime/logger.ts'
import { ServiceManager } from '../../runtime/service-manager.ts'
import { runUntilStopped, stopSignal } from '../daemon.ts'

/** Options of the log that every command has. */
export type LogOptions = { readonly logLevel?: string; readonly logFormat?: LogFormat }

const SHUTDOWN_MS = 30_000

/** Returns the logger of a program of Heka: an unknown level of its settings leaves info. */
export function hekaLogger({ logLevel, logFormat }: LogOptions, configured: string): Logger {
  const level = logLevelOf(logLevel ?? configured.toLowerCase()) ?? 'info'
  return createLogger(level, {}, logFormat)
}

/** Runs a program of Heka until SIGTERM or SIGINT, and closes its broker then. */
export async function runHeka(service: Service, broker: Broker, logger: Logger): Promise<void> {
  const signal = stopSignal()
  try {
    const manager = new ServiceManager(process.env, logger)
    const running = runUntilStopped(service, { signal, logger, shutdownMs: SHUTDOWN_MS, manager })
    await running
  } finally {
    await broker.close()
  }
}
