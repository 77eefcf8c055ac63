import { resolve } from 'node:path'
import type { Config } from '../config/load/config.ts'
import { joinedLogSettings, type LogFileSetting, type LogSettings } from '../config/load/log-settings.ts'
import { ConfigError, messageOf } from '../domain/errors.ts'
import { forPeople } from '../runtime/log/for-people.ts'
import { LogFile } from '../runtime/log/log-file.ts'
import { type LogFormat, logFormatOf } from '../runtime/log/log-format.ts'
import { LOG_LEVELS, type LogLevel } from '../runtime/log/log-level.ts'
import { standardErrorLines } from '../runtime/log/log-lines.ts'
import { createLoggerOver, type LevelSwitch, type Logger } from '../runtime/logger.ts'

/** The name of a daemon in `%(proc_name)s` and in lines about reloading. */
export type DaemonRole = 'consumer' | 'worker' | 'api' | 'up'

/** What the command line says about the log; it goes before the configuration. */
export type LogOptions = { readonly logLevel?: string; readonly logFormat?: LogFormat }

/** A change of the log that is ready and has no effect yet. */
export type LogChange = {
  /** what changes, in words: `log_level info → debug` */
  readonly changes: readonly string[]
  /** whether fewer lines will be logged, so that the last word is to be logged before */
  readonly isQuieter: boolean
  apply(): void
  /** gives up what was opened */
  drop(): void
}

/**
 * The log of a daemon, at the level and in the place that command line and configuration name. Both may change
 * while it is used.
 */
export class DaemonLog {
  readonly logger: Logger
  readonly #options: LogOptions
  readonly #role: DaemonRole
  readonly #level: LevelSwitch
  readonly #standardError: { write(line: string): void }
  #file: LogFile | undefined

  /** Throws ConfigError, with the place of the key, when the log file cannot be written. */
  constructor(config: Config, role: DaemonRole, options: LogOptions) {
    this.#options = options
    this.#role = role
    this.#standardError = standardErrorLines(options.logFormat ?? logFormatOf(process.stderr))
    const settings = logSettingsOf(config, role)
    this.#level = { level: this.#levelOf(settings) }
    this.#file = settings.file && this.#open(settings.file)
    this.logger = createLoggerOver(this.#level, { write: (line) => this.#write(line) })
  }

  /** Opens the log file by its name again, as after it was moved away. Throws the system's error. */
  reopen(): void {
    this.#file?.reopen()
  }

  /** Prepares the log of a changed configuration. Throws ConfigError when its file cannot be written. */
  prepare(config: Config): LogChange {
    const settings = logSettingsOf(config, this.#role)
    const [before, level] = [this.#level.level, this.#levelOf(settings)]
    const path = settings.file && pathOf(settings.file, this.#role)
    const isMoved = path !== this.#file?.path
    const next = isMoved ? settings.file && this.#open(settings.file) : this.#file
    const moved = `log file ${this.#file?.path ?? 'standard error'} → ${path ?? 'standard error'}`
    return {
      changes: [...(level === before ? [] : [`log_level ${before} → ${level}`]), ...(isMoved ? [moved] : [])],
      isQuieter: LOG_LEVELS.indexOf(level) > LOG_LEVELS.indexOf(before),
      apply: () => {
        this.#level.level = level
        if (!isMoved) return
        this.#file?.close()
        this.#file = next
      },
      drop: () => {
        if (isMoved) next?.close()
      },
    }
  }

  #levelOf({ level }: LogSettings): LogLevel {
    const given = this.#options.logLevel as LogLevel | undefined
    // What everything in one process has to say at `info` nobody reads.
    return given ?? (this.#role === 'up' ? 'warn' : (level ?? 'info'))
  }

  #open(setting: LogFileSetting): LogFile {
    const path = pathOf(setting, this.#role)
    try {
      return new LogFile(path, (line, error) => this.#refused(path, line, error))
    } catch (error) {
      const { key, position } = setting
      const message = `${key}: cannot write the log to ${path}: ${messageOf(error)}`
      throw new ConfigError('the log cannot be written', [
        { severity: 'error', code: 'log-file', path: key, message, position },
      ])
    }
  }

  #write(line: string): void {
    if (!this.#file) this.#standardError.write(line)
    else this.#file.write(this.#options.logFormat === 'text' ? forPeople(line, false) : line)
  }

  /** A full disk must not silence a daemon. */
  #refused(path: string, line: string, error: unknown): void {
    const { level, msg } = {
      level: 'error',
      msg: `cannot write to the log file ${path}: ${messageOf(error)}`,
    }
    this.#standardError.write(
      `${JSON.stringify({ level, time: new Date().toISOString(), pid: process.pid, msg })}\n`,
    )
    this.#standardError.write(line)
  }
}

/** Returns what a configuration says about the log of a daemon: of those with queues yagi.conf goes first. */
function logSettingsOf({ logging }: Config, role: DaemonRole): LogSettings {
  return role === 'consumer' || role === 'up'
    ? joinedLogSettings(logging.yagi, logging.winchester)
    : logging.winchester
}

function pathOf({ path }: LogFileSetting, role: DaemonRole): string {
  return resolve(path.replaceAll('%(proc_name)s', role))
}
