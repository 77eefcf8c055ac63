import { isFatal } from '../../config/checks/findings.ts'
import type { Config } from '../../config/load/config.ts'
import { checkConfig } from '../../config/load/load-config.ts'
import { ConfigError, type Finding, formatFinding, messageOf, StackTachError } from '../../domain/errors.ts'
import type { Service } from '../../runtime/lifecycle.ts'
import type { ServiceManager } from '../../runtime/service-manager.ts'
import { maskSecrets } from '../../text/mask-secrets.ts'
import type { DaemonLog, DaemonRole } from '../daemon-log.ts'
import type { DaemonStatus } from '../daemon-status.ts'
import { indexedTraits } from '../open-store.ts'
import { handlerFaults } from '../require-pipelines.ts'
import { configChanges, withFixed } from './config-changes.ts'
import type { Hangups } from './hangups.ts'
import type { ReloadOutcome } from './outcome.ts'
import { ownModules, staleModules } from './own-modules.ts'
import { reloadedSentence, tellReload } from './tell-reload.ts'

/** A configuration that a daemon is ready to take, and has not taken yet. */
export type PreparedChange = {
  /** further changes, in words */
  readonly changes?: readonly string[]
  readonly needsRestart?: readonly string[]
  apply(): void
}

export type ReloaderOptions = {
  /** the file that -c names */
  readonly file: string
  readonly role: DaemonRole
  /** the configuration that runs */
  readonly config: Config
  readonly log: DaemonLog
  /** Builds what a configuration needs. Rejects when the daemon cannot use it; nothing has changed then. */
  readonly prepare: (next: Config) => Promise<PreparedChange>
  /** called with the sentence about each reload that has succeeded, for those who do not read the log */
  readonly announce?: (sentence: string) => void
  readonly manager?: ServiceManager
  readonly status?: DaemonStatus | undefined
}

/** Reads the configuration of a daemon again while it runs. */
export class Reloader {
  readonly #options: ReloaderOptions
  /** traits that are indexed since the start */
  readonly #indexed: ReadonlySet<string>
  #modules: ReturnType<typeof ownModules>
  #running: Config
  #isStopped = false

  constructor(options: ReloaderOptions) {
    this.#options = options
    const { config } = options
    this.#running = config
    this.#indexed = indexedTraits(config.triggers, config.winchester.indexed_traits)
    this.#modules = ownModules(config)
  }

  /** Returns a service that reloads at each SIGHUP while it runs; to be started last. */
  service(hangups: Hangups): Service {
    return {
      start: async () => {
        hangups.listen(() => this.reload())
      },
      stop: async () => {
        this.#isStopped = true
      },
    }
  }

  /**
   * Opens the log file again, then reads and checks the configuration as `stv3 check` does. The running one stays in
   * force when there is an error. Logs one line that says what has changed, or why nothing has. Never rejects.
   */
  async reload(): Promise<ReloadOutcome> {
    const { manager, status } = this.#options
    return tellReload(() => this.#reload(), { manager, status, isStopped: () => this.#isStopped })
  }

  async #reload(): Promise<ReloadOutcome> {
    const { file, log } = this.#options
    try {
      log.reopen()
    } catch (error) {
      log.logger.error({}, `the log file cannot be opened again: ${messageOf(error)}`)
    }
    try {
      const { changes, needsRestart, logChange } = await this.#change()
      const sentence = reloadedSentence(file, changes, needsRestart)
      if (!logChange.isQuieter) logChange.apply()
      log.logger[needsRestart.length > 0 ? 'warn' : 'info'](
        { changes, needs_restart: needsRestart },
        sentence,
      )
      this.#options.announce?.(sentence)
      if (logChange.isQuieter) logChange.apply()
      return { ok: true, sentence }
    } catch (error) {
      const errors = error instanceof ConfigError ? error.findings.map(formatFinding) : []
      const [first = messageOf(error), ...others] = errors
      const more = others.length > 0 ? `, and ${others.length} more` : ''
      const sentence = maskSecrets(`not reloaded, the configuration before stays in force: ${first}${more}`)
      log.logger.error({ findings: errors }, sentence)
      return { ok: false, sentence }
    }
  }

  async #change() {
    const { role, log, prepare } = this.#options
    const found = await this.#read()
    const next = withFixed(role, this.#running, found)
    const { changes, needsRestart } = configChanges(role, this.#running, found)
    const logChange = log.prepare(found)
    let prepared: PreparedChange
    try {
      prepared = await prepare(next)
    } catch (error) {
      logChange.drop()
      throw error
    }
    if (this.#isStopped) {
      logChange.drop()
      throw new StackTachError('config', 'the daemon is stopping')
    }
    prepared.apply()
    this.#running = next
    return {
      logChange,
      changes: [...changes, ...(prepared.changes ?? []), ...logChange.changes],
      needsRestart: [
        ...needsRestart,
        ...(prepared.needsRestart ?? []),
        ...this.#unindexed(next),
        ...this.#stale(next),
      ],
    }
  }

  /** Rejects with ConfigError when there is an error that the running configuration does not have too. */
  async #read(): Promise<Config> {
    const { file } = this.#options
    const { config, findings } = await checkConfig(file, process.env, {
      mode: 'check',
      checkHandlers: handlerFaults,
    })
    const known = new Set(this.#running.warnings.map(nameOf))
    const errors = findings.filter(
      (finding) => finding.severity === 'error' && (isFatal(finding) || !known.has(nameOf(finding))),
    )
    if (errors.length > 0 || !config) throw new ConfigError(`${file} has errors`, errors)
    const { role } = this.#options
    if (!config.yagi && (role === 'consumer' || role === 'up'))
      throw new ConfigError(`${file} names no queues any more`)
    if (!config.hasWinchester && this.#running.hasWinchester)
      throw new ConfigError(`${file} names no winchester.yaml any more`)
    return config
  }

  /** Events are looked up by a new trait too, only more slowly. */
  #unindexed({ triggers }: Config): string[] {
    if (this.#options.role === 'api') return []
    return [...indexedTraits(triggers, [])]
      .filter((trait) => !this.#indexed.has(trait))
      .map((trait) => `index of trait ${trait}`)
  }

  #stale(config: Config): string[] {
    if (this.#options.role === 'api') return []
    const now = ownModules(config)
    const stale = staleModules(this.#modules, now)
    this.#modules = new Map([...now, ...this.#modules])
    return stale
  }
}

function nameOf({ code, path, message }: Finding): string {
  return JSON.stringify([code, path, message])
}
