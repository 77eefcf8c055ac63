import { pino } from 'pino'
import { maskSecrets } from '../text/mask-secrets.ts'
import { printableLines } from '../text/printable.ts'

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

/**
 * Returns the level of a name in any case, those of Python's logging included; undefined for any other text.
 *
 * @example
 * logLevelOf('WARNING') // 'warn'
 */
export function logLevelOf(name: string): LogLevel | undefined {
  const given = name.toLowerCase()
  const level = PYTHON_LEVELS[given] ?? given
  return LOG_LEVELS.find((known) => known === level)
}

/** Levels of Python's logging that have other names here. */
const PYTHON_LEVELS: { readonly [name: string]: LogLevel | undefined } = {
  notset: 'debug',
  warning: 'warn',
  critical: 'error',
  fatal: 'error',
}

/**
 * Creates a logger that writes one JSON object per line to standard error. Secrets are masked, in the fields,
 * in the sentence and in errors; control characters are escaped.
 */
export function createLogger(level: LogLevel, fields: object = {}): Logger {
  return pino(
    {
      level,
      base: { pid: process.pid, ...fields },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      hooks: { streamWrite: (line) => printableLines(maskSecrets(line)) },
    },
    pino.destination({ dest: 2, sync: true }),
  )
}

/** A logger that writes nothing, for tests and tools. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
}
