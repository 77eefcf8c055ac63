import type { Broker } from '../../broker/broker.ts'
import { createGroup, type Service } from '../../runtime/lifecycle.ts'
import type { ListenAddress } from '../../runtime/listen-address.ts'
import { type LogFormat, logFormatOf } from '../../runtime/log/log-format.ts'
import { type LogLevel, logLevelOf } from '../../runtime/log/log-level.ts'
import { standardErrorLines } from '../../runtime/log/log-lines.ts'
import { createLoggerOver, type Logger } from '../../runtime/logger.ts'
import { keepHeapSmall, keepYoungHeapSmall } from '../../runtime/memory.ts'
import { ServiceManager } from '../../runtime/service-manager.ts'
import { processName, runUntilStopped, stopSignal } from '../daemon.ts'
import { daemonStatus, type StatusRole } from '../daemon-status.ts'
import { Hangups } from '../reload/hangups.ts'
import type { ReloadOutcome } from '../reload/outcome.ts'
import { type ReloadListeners, tellReload } from '../reload/tell-reload.ts'
import { type BrokerValues, openHekaBroker } from './heka-broker.ts'
import { type Reloadable, settingsReload } from './settings-reload.ts'

/** Options of the log that every command has. */
export type LogOptions = { readonly logLevel?: string; readonly logFormat?: LogFormat }

/** A service that listens, and where. */
export type Listening = Service & { readonly address: () => ListenAddress }

type Values = BrokerValues & { readonly loggingLevel?: string }

const SHUTDOWN_MS = 30_000

/**
 * Builds a program of Heka and runs it until SIGTERM or SIGINT; SIGHUP has its settings read again. An unknown level of
 * its log is info.
 */
export async function runHeka<V extends Values>(
  role: StatusRole,
  read: () => Promise<V>,
  { logLevel, logFormat }: LogOptions,
  build: (values: V, broker: Broker, logger: Logger) => Promise<Reloadable<V>>,
): Promise<void> {
  const signal = stopSignal()
  const hangups = new Hangups()
  keepHeapSmall()
  keepYoungHeapSmall()
  const values = await read()
  const levelOf = ({ loggingLevel }: V): LogLevel =>
    logLevelOf(logLevel ?? loggingLevel?.toLowerCase() ?? 'info') ?? 'info'
  const level = { level: levelOf(values) }
  const logger = createLoggerOver(level, standardErrorLines(logFormat ?? logFormatOf(process.stderr)))
  const broker = await openHekaBroker(values, logger)
  try {
    const service = await build(values, broker, logger)
    const program = {
      live: [...service.live, 'loggingLevel' as const],
      async take(next: V) {
        await service.take(next)
        level.level = levelOf(next)
      },
    }
    const status = daemonStatus({ settings: {}, role, name: processName(role), logger })
    const manager = new ServiceManager(process.env, logger)
    const reload = settingsReload({ read, values, program, logger })
    const services = createGroup([service, status, reloading(hangups, reload, { manager, status })])
    await runUntilStopped(services, { signal, logger, shutdownMs: SHUTDOWN_MS, manager, status })
  } finally {
    await broker.close()
  }
}

/** Returns a service that reloads at each SIGHUP while it runs; to be started last. */
function reloading(
  hangups: Hangups,
  reload: () => Promise<ReloadOutcome>,
  listeners: Omit<ReloadListeners, 'isStopped'>,
): Service {
  let isStopped = false
  return {
    async start() {
      hangups.listen(() => tellReload(reload, { ...listeners, isStopped: () => isStopped }))
    },
    async stop() {
      isStopped = true
    },
  }
}
