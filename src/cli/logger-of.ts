import type { LogFormat } from '../runtime/log/log-format.ts'
import { logLevelOf } from '../runtime/log/log-level.ts'
import { createLogger, type Logger } from '../runtime/logger.ts'

/**
 * Creates the logger of a command. The level is that of --log-level, else that of the configuration, else
 * info.
 */
export function loggerOf(options: { logLevel?: string; logFormat?: LogFormat }, configured?: string): Logger {
  const level = logLevelOf(options.logLevel ?? configured ?? 'info') ?? 'info'
  return createLogger(level, {}, options.logFormat)
}
