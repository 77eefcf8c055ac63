import { type Logger as PinoLogger, pino } from 'pino'
import { maskSecrets } from '../text/mask-secrets.ts'
import { printableLines } from '../text/printable.ts'
import { type LogFormat, logFormatOf } from './log/log-format.ts'
import { LOG_LEVELS, type LogLevel } from './log/log-level.ts'
import { standardErrorLines } from './log/log-lines.ts'

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

/** The level of a logger and of all its children; it may change while they are used. */
export type LevelSwitch = { level: LogLevel }

/** Takes whole lines of a log, each one JSON object and a line feed. */
export type LogLines = { write(line: string): void }

/**
 * Creates a logger that writes to standard error: lines for people on a terminal, else one JSON object a line,
 * unless `format` says otherwise. Secrets are masked, in the fields, in the sentence and in errors; control
 * characters are escaped.
 */
export function createLogger(level: LogLevel, fields: object = {}, format?: LogFormat): Logger {
  return createLoggerOver({ level }, standardErrorLines(format ?? logFormatOf(process.stderr)), fields)
}

/** Creates a logger over a place for its lines, with a level that may change. */
export function createLoggerOver(level: LevelSwitch, lines: LogLines, fields: object = {}): Logger {
  const root = pino(
    {
      level: 'debug',
      base: { pid: process.pid, ...fields },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      hooks: { streamWrite: (line) => printableLines(maskSecrets(line)) },
    },
    lines,
  )
  return switched(root, level)
}

/** Returns a logger that asks the switch at each line: children of pino keep the level of their birth. */
function switched(logger: PinoLogger, level: LevelSwitch): Logger {
  const writes = (of: Exclude<LogLevel, 'silent'>) => (fields: object, message: string) => {
    if (LOG_LEVELS.indexOf(of) >= LOG_LEVELS.indexOf(level.level)) logger[of](fields, message)
  }
  return {
    debug: writes('debug'),
    info: writes('info'),
    warn: writes('warn'),
    error: writes('error'),
    child: (fields) => switched(logger.child(fields), level),
  }
}

/** A logger that writes nothing, for tests and tools. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
}
