import { pino } from 'pino'
import { withoutSecretValues } from '../text/secret-names.ts'

/**
 * Writes log lines: a sentence, and the values that belong to it as fields.
 *
 * @example
 * logger.warn({ file: path }, `cannot move ${path} yet: ${failure}`)
 */
export type Logger = {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
  child(fields: object): Logger
}

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** Creates a logger that writes one JSON object per line to standard error, secrets masked by name. */
export function createLogger(level: LogLevel, fields: object = {}): Logger {
  const logger = pino(
    {
      level,
      base: masked({ pid: process.pid, ...fields }),
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: masked },
    },
    pino.destination({ dest: 2, sync: true }),
  )
  return withMaskedChildren(logger)
}

function masked(fields: object): { [field: string]: unknown } {
  return withoutSecretValues(fields) as { [field: string]: unknown }
}

/** The fields of a child are written as they are given to it; children of children inherit this. */
function withMaskedChildren(logger: Logger): Logger {
  const { child } = logger
  logger.child = function maskedChild(this: Logger, fields) {
    return child.call(this, masked(fields))
  }
  return logger
}

/** A logger that writes nothing, for tests and tools. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
}
