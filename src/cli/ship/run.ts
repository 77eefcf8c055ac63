import { logFindings, processName, runUntilStopped, stopSignal } from '../../assembly/daemon.ts'
import { daemonStatus } from '../../assembly/daemon-status.ts'
import { observeAt } from '../../assembly/observation.ts'
import { Hangups } from '../../assembly/reload/hangups.ts'
import type { ReloadOutcome } from '../../assembly/reload/outcome.ts'
import { readAgain, requireFaultless } from '../../assembly/reload/read-again.ts'
import { openRemoteShip, type RemoteSettings } from '../../assembly/ship/open-remote-ship.ts'
import { type ConfiguredShip, type OpenShip, openShip } from '../../assembly/ship/open-ship.ts'
import { planShip } from '../../assembly/ship/plan-ship.ts'
import { shipMetrics } from '../../assembly/ship/ship-metrics.ts'
import { loadShip, type ShipConfig } from '../../config/load/load-ship.ts'
import { ConfigError, errorsAmong } from '../../domain/errors.ts'
import { createGroup, type Service } from '../../runtime/lifecycle.ts'
import type { ListenRange } from '../../runtime/listen-address.ts'
import type { LogFormat } from '../../runtime/log/log-format.ts'
import type { Logger } from '../../runtime/logger.ts'
import { lowerPriority } from '../../runtime/process-priority.ts'
import { ServiceManager } from '../../runtime/service-manager.ts'
import type { Outcome } from '../../ship/agent/file-job.ts'
import { outcomeForm } from '../../ship/agent/outcome-form.ts'
import type { ShipCounters } from '../../ship/agent/ship-state.ts'
import { loggerOf } from '../logger-of.ts'
import { print, printNote, UsageError } from '../program.ts'
import { StatusLine } from '../terminal/status-line.ts'
import { describeDecision } from './describe-decision.ts'
import { remoteSettings, type ServerOptions } from './remote-settings.ts'

export type RunOptions = ServerOptions & {
  readonly config?: string
  readonly once?: true
  readonly dryRun?: true
  /** in microseconds */
  readonly now?: number
  readonly json?: true
  readonly status?: ListenRange
  readonly logLevel?: string
  readonly logFormat?: LogFormat
}

/** Longest time to finish the files in hand in, ms. */
const SHUTDOWN_MS = 60_000

/** Runs the agent, or one pass of it. Log sets with a fault are left out, and told. */
export async function runShip(options: RunOptions): Promise<void> {
  const { config: file, once, dryRun, now, json } = options
  if (!once && !dryRun && (now !== undefined || json))
    throw new UsageError('--now and --json go with --once or --dry-run')
  if (file === undefined && options.server === undefined)
    throw new UsageError('expected -c FILE, or --server URL')
  const logger = loggerOf(options)
  const config = file === undefined ? undefined : await loadUsable(file, logger)
  const clock = () => (now === undefined ? Date.now() : now / 1000)
  if (config && !dryRun) await lowerPriority(config, logger)
  const remote = await remoteSettings(options, config)
  if (remote) {
    if (once || dryRun) throw new UsageError('--once and --dry-run go with -c, not with a server')
    return runRemote(remote, clock, logger, options.status)
  }
  if (!config) return
  if (dryRun) return plan(config, clock(), json)
  if (once) return runOnce(config, clock, json, logger)
  await runDaemon(config, clock, logger, options.status)
}

/** Loads a configuration of which at least one log set can be used. Its faults are logged. */
async function loadUsable(file: string, logger: Logger): Promise<ShipConfig> {
  const { findings, config } = await loadShip(file)
  const errors = errorsAmong(findings)
  if (!config || (config.sets.length === 0 && errors.length > 0))
    throw new ConfigError(`${file} has no log set that can be used`, errors)
  logFindings(findings, logger)
  if (errors.length > 0) process.exitCode = 1
  return config
}

async function plan(config: ShipConfig, now: number, json: true | undefined): Promise<void> {
  const tellFault = (path: string, reason: string) => printNote(`${path} is not looked through: ${reason}`)
  await planShip(config, now, (outcome) => printOutcome(outcome, json), tellFault)
}

async function runOnce(
  config: ShipConfig,
  clock: () => number,
  json: true | undefined,
  logger: Logger,
): Promise<void> {
  const line = new StatusLine()
  const tell = async (outcome: Outcome) => {
    line.show(() => progressOf(agent.state.counters))
    if (json) await printOutcome(outcome, json)
  }
  const { agent, close } = await openShip(config, { logger, clock, tell })
  const signal = stopSignal()
  signal.addEventListener('abort', () => void agent.stop(), { once: true })
  try {
    if (!(await agent.pass())) process.exitCode = 1
  } finally {
    line.clear()
    await close()
  }
}

/** Returns how far a pass is, for a terminal. */
function progressOf({ shippedFiles, shippedBytes, deletedFiles }: ShipCounters): string {
  const megabytes = (shippedBytes / 1_000_000).toFixed(1)
  return `${shippedFiles} files shipped (${megabytes} MB), ${deletedFiles} deleted`
}

async function runDaemon(
  config: ShipConfig,
  clock: () => number,
  logger: Logger,
  status: ListenRange | undefined,
): Promise<void> {
  const signal = stopSignal()
  const hangups = new Hangups()
  const ship = await openShip(config, { logger, clock })
  hangups.listen(() => reload(config, ship, logger))
  await serve({ ship, services: [], signal, clock, logger, status })
}

/** Runs an agent whose configuration comes from a server. */
async function runRemote(
  remote: RemoteSettings,
  clock: () => number,
  logger: Logger,
  status: ListenRange | undefined,
): Promise<void> {
  const signal = stopSignal()
  const hangups = new Hangups()
  const ship = await openRemoteShip(remote, { logger, clock })
  hangups.listen(async () => {
    ship.agent.wake()
    return { ok: true, sentence: 'the configuration comes from the server; all files are looked at now' }
  })
  const remarks = () =>
    ship.link.isConnected ? [] : ['the server is away; its last configuration is in use']
  await serve({ ship, services: [ship.link], signal, clock, logger, status, remarks })
}

type Served = {
  readonly ship: OpenShip
  /** services beside the agent */
  readonly services: readonly Service[]
  readonly signal: AbortSignal
  readonly clock: () => number
  readonly logger: Logger
  readonly status: ListenRange | undefined
  readonly remarks?: () => readonly string[]
}

async function serve({ ship, services, signal, clock, logger, status, remarks }: Served): Promise<void> {
  const { agent, close } = ship
  const observation = status && (await observeAt(status, 'ship', 'wall'))
  const manager = new ServiceManager(process.env, logger)
  try {
    if (observation) {
      shipMetrics(observation.metrics, agent.state, clock)
      observation.health.add('ship', () => agent.state.hindrance())
      if (remarks) observation.health.addRemarks(remarks)
    }
    const tree = daemonStatus({ settings: {}, role: 'ship', name: processName('ship'), logger, observation })
    tree.follow(() => ({
      'ship.shipped_files': agent.state.counters.shippedFiles,
      'ship.pending_files': agent.state.backlog.pendingFiles,
      'ship.hindrance': agent.state.hindrance(),
    }))
    const all = [...services, agent, ...(observation ? [observation.serve(logger)] : []), tree]
    await runUntilStopped(createGroup(all), {
      signal,
      logger,
      shutdownMs: SHUTDOWN_MS,
      manager,
      status: tree,
    })
  } finally {
    await close()
  }
}

/** Reads the configuration again; it counts from the next pass on. One with a fault changes nothing. */
function reload({ file, journal }: ShipConfig, ship: ConfiguredShip, logger: Logger): Promise<ReloadOutcome> {
  return readAgain(logger, 'the configuration was read again', async () => {
    const read = await loadShip(file)
    const config = requireFaultless(read)
    if (config.journal !== journal)
      throw new ConfigError('another journal takes effect at the next start only')
    await ship.useConfig(config)
    logFindings(read.findings, logger)
  })
}

async function printOutcome(outcome: Outcome, json: true | undefined): Promise<void> {
  const form = outcomeForm(outcome)
  if (json) await print(`${JSON.stringify(form)}\n`)
  else await print(`${form.path}\n${describeDecision(form).replace(/^/gm, '  ').trimEnd()}\n`)
}
