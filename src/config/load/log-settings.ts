import { isAbsolute, join } from 'node:path'
import type { Position } from '../../domain/errors.ts'
import { LOG_LEVELS, type LogLevel, logLevelOf } from '../../runtime/log/log-level.ts'
import { didYouMean } from '../../text/suggest.ts'

/** A file that a configuration has the log written to. */
export type LogFileSetting = {
  /** path; `%(proc_name)s` in it stands for the daemon: consumer, worker, api or up */
  readonly path: string
  readonly key: string
  readonly position: Position
}

/** What a configuration says about the log. */
export type LogSettings = {
  readonly level: LogLevel | undefined
  /** undefined: standard error */
  readonly file: LogFileSetting | undefined
}

export const NO_LOG_SETTINGS: LogSettings = { level: undefined, file: undefined }

/** Returns the level of a name. Reports an unknown one as a warning; the level is `info` then. */
export function readLogLevel(key: string, name: string, report: (message: string) => void) {
  const level = logLevelOf(name)
  if (level === undefined && name.trim() !== '')
    report(
      `${key}: expected ${LOG_LEVELS.join(', ')}, found ${JSON.stringify(name)}${didYouMean(name, LOG_LEVELS)}`,
    )
  return level
}

/** Returns the path of a log file, from the folder of the file that names it. */
export function logPath(folder: string, path: string): string {
  return isAbsolute(path) ? path : join(folder, path)
}

/** Returns what one file says, with what another says where the first is silent. */
export function joinedLogSettings(first: LogSettings, second: LogSettings): LogSettings {
  return { level: first.level ?? second.level, file: first.file ?? second.file }
}
