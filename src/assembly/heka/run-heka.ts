import type { Broker } from '../../broker/broker.ts'
import { createGroup, type Service } from '../../runtime/lifecycle.ts'
import type { ListenAddress } from '../../runtime/listen-address.ts'
import type { LogFormat } from '../../runtime/log/log-format.ts'
import { logLevelOf } from '../../runtime/log/log-level.ts'
import { createLogger, type Logger } from '../../runtime/logger.ts'
import { keepHeapSmall, keepYoungHeapSmall } from '../../runtime/memory.ts'
import { ServiceManager } from '../../runtime/service-manager.ts'
import { processName, runUntilStopped, stopSignal } from '../daemon.ts'
import { daemonStatus, type StatusRole } from '../daemon-status.ts'
import { type BrokerValues, openHekaBroker } from './heka-broker.ts'

/** Options of the log that every command has. */
export type LogOptions = { readonly logLevel?: string; readonly logFormat?: LogFormat }

/** A service that listens, and where. */
export type Listening = Service & { readonly address: () => ListenAddress }

const SHUTDOWN_MS = 30_000

/** Builds a program of Heka and runs it until SIGTERM or SIGINT. An unknown level of its log is info. */
export async function runHeka(
  role: StatusRole,
  values: BrokerValues & { readonly loggingLevel?: string },
  { logLevel, logFormat }: LogOptions,
  build: (broker: Broker, logger: Logger) => Promise<Service>,
): Promise<void> {
  const signal = stopSignal()
  keepHeapSmall()
  keepYoungHeapSmall()
  const level = logLevelOf(logLevel ?? values.loggingLevel?.toLowerCase() ?? 'info') ?? 'info'
  const logger = createLogger(level, {}, logFormat)
  const broker = await openHekaBroker(values, logger)
  try {
    const service = await build(broker, logger)
    const status = daemonStatus({ settings: {}, role, name: processName(role), logger })
    const services = createGroup([service, status])
    const manager = new ServiceManager(process.env, logger)
    await runUntilStopped(services, { signal, logger, shutdownMs: SHUTDOWN_MS, manager, status })
  } finally {
    await broker.close()
  }
}
