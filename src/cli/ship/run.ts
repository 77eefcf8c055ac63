import { runUntilStopped, stopSignal } from '../../assembly/daemon.ts'
import { observeAt } from '../../assembly/observation.ts'
import { Hangups } from '../../assembly/reload/hangups.ts'
import { openShip } from '../../assembly/ship/open-ship.ts'
import { planShip } from '../../assembly/ship/plan-ship.ts'
import { shipMetrics } from '../../assembly/ship/ship-metrics.ts'
import { loadShip, type ShipConfig } from '../../config/load/load-ship.ts'
import { ConfigError, formatFinding } from '../../domain/errors.ts'
import { createGroup } from '../../runtime/lifecycle.ts'
import type { ListenRange } from '../../runtime/listen-address.ts'
import type { LogFormat } from '../../runtime/log/log-format.ts'
import type { Logger } from '../../runtime/logger.ts'
import { ServiceManager } from '../../runtime/service-manager.ts'
import type { Outcome } from '../../ship/agent/file-job.ts'
import { outcomeForm } from '../../ship/agent/outcome-form.ts'
import { loggerOf } from '../logger-of.ts'
import { print, printNote, UsageError } from '../program.ts'
import { describeDecision } from './describe-decision.ts'

export type RunOptions = {
  readonly config: string
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
  const logger = loggerOf(options)
  const { findings, config } = await loadShip(file)
  const errors = findings.filter(({ severity }) => severity === 'error')
  if (!config || (config.sets.length === 0 && errors.length > 0))
    throw new ConfigError(`${file} has no log set that can be used`, errors)
  for (const finding of findings)
    logger[finding.severity === 'error' ? 'error' : 'warn']({ code: finding.code }, formatFinding(finding))
  if (errors.length > 0) process.exitCode = 1
  const clock = () => (now === undefined ? Date.now() : now / 1000)
  if (dryRun) return plan(config, clock(), json)
  if (once) return runOnce(config, clock, json, logger)
  await runDaemon(config, clock, logger, options.status)
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
  const tell = json ? (outcome: Outcome) => printOutcome(outcome, json) : async () => {}
  const { agent, close } = await openShip(config, { logger, clock, tell })
  const signal = stopSignal()
  signal.addEventListener('abort', () => void agent.stop(), { once: true })
  try {
    if (!(await agent.pass())) process.exitCode = 1
  } finally {
    await close()
  }
}

async function runDaemon(
  config: ShipConfig,
  clock: () => number,
  logger: Logger,
  status: ListenRange | undefined,
): Promise<void> {
  const signal = stopSignal()
  new Hangups().listen(async () => {
    const sentence = 'log sets are read at the start only; restart stv3 ship to have them read again'
    logger.warn({}, sentence)
    return { ok: false, sentence }
  })
  const observation = status && (await observeAt(status, 'ship', 'wall'))
  const { agent, close } = await openShip(config, { logger, clock })
  const manager = new ServiceManager(process.env, logger)
  try {
    if (observation) {
      shipMetrics(observation.metrics, agent.state, clock)
      observation.health.add('ship', () => agent.state.hindrance())
    }
    const services = [agent, ...(observation ? [observation.serve(logger)] : [])]
    await runUntilStopped(createGroup(services), { signal, logger, shutdownMs: SHUTDOWN_MS, manager })
  } finally {
    await close()
  }
}

async function printOutcome(outcome: Outcome, json: true | undefined): Promise<void> {
  const form = outcomeForm(outcome)
  if (json) await print(`${JSON.stringify(form)}\n`)
  else await print(`${form.path}\n${describeDecision(form).replace(/^/gm, '  ').trimEnd()}\n`)
}
