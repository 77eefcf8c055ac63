import { dirname } from 'node:path'
import type { Command } from 'commander'
import { logFindings, processName, runUntilStopped, stopSignal } from '../../assembly/daemon.ts'
import { daemonStatus } from '../../assembly/daemon-status.ts'
import { observeAt } from '../../assembly/observation.ts'
import { Hangups } from '../../assembly/reload/hangups.ts'
import type { ReloadOutcome } from '../../assembly/reload/outcome.ts'
import { readAgain, requireFaultless } from '../../assembly/reload/read-again.ts'
import { hostDirectory } from '../../assembly/ship/host-directory.ts'
import { readInventoryOf } from '../../assembly/ship/read-inventory-of.ts'
import { RunningCentral } from '../../assembly/ship/running-central.ts'
import { shipServerMetrics } from '../../assembly/ship/server-metrics.ts'
import { loadShipServer, type ShipServerConfig } from '../../config/load/load-ship-server.ts'
import { ConfigError } from '../../domain/errors.ts'
import { createHttpService } from '../../http/http-service.ts'
import { createGroup } from '../../runtime/lifecycle.ts'
import {
  isLoopback,
  type ListenAddress,
  type ListenRange,
  parseListenAddress,
} from '../../runtime/listen-address.ts'
import type { LogFormat } from '../../runtime/log/log-format.ts'
import type { Logger } from '../../runtime/logger.ts'
import { readTokenLines } from '../../runtime/read-token-lines.ts'
import { ServiceManager } from '../../runtime/service-manager.ts'
import { readTlsFiles } from '../../runtime/tls-files.ts'
import { loggerOf } from '../logger-of.ts'
import { printChecked } from '../print-finding.ts'
import { createCommand, print, statusOption } from '../program.ts'
import { loadPatiently } from '../ship/patient-load.ts'
import { createShipServerApp } from '../ship/ship-server-app.ts'

const CONFIG = "ship-server.yaml, or hermes' config.json"
const SHUTDOWN_MS = 20_000

type Options = {
  readonly config: string
  readonly status?: ListenRange
  readonly logLevel?: string
  readonly logFormat?: LogFormat
}

/** Creates `stv3 ship-server`, which has the log sets and targets of many hosts. */
export function shipServerCommand(): Command {
  return createCommand(
    'ship-server',
    'keep log sets and targets for many hosts: send each its own, sign its requests to the store, and show how far it is',
    'stv3 ship-server -c ship-server.yaml',
  )
    .addCommand(runCommand(), { isDefault: true })
    .addCommand(checkCommand())
}

function runCommand(): Command {
  return createCommand('run', 'the server', 'stv3 ship-server -c ship-server.yaml --status 127.0.0.1:9107')
    .requiredOption('-c, --config <file>', CONFIG)
    .addOption(statusOption(''))
    .action(run)
}

type CheckOptions = { readonly config: string; readonly hosts?: true; readonly json?: true }

function checkCommand(): Command {
  return createCommand(
    'check',
    'validate the configuration, with the place of each fault',
    'stv3 ship-server check -c ship-server.yaml --hosts',
  )
    .requiredOption('-c, --config <file>', CONFIG)
    .option('--hosts', 'print what each host is sent, and its zones by the inventory, one JSON object a line')
    .option('--json', 'one JSON object a line for each finding')
    .action(check)
}

async function check({ config: file, hosts, json }: CheckOptions): Promise<void> {
  const { findings, config } = await loadShipServer(file, process.env)
  if (config && hosts) await printHosts(config)
  await printChecked(file, findings, hosts ? true : json)
}

async function printHosts(config: ShipServerConfig): Promise<void> {
  const { zones, errors, isReady } = await readInventoryOf(config)
  for (const error of errors)
    await print(`${JSON.stringify({ inventory: config.inventory, is_ready: isReady, error })}\n`)
  const directory = await hostDirectory(config, (host) => zones.get(host) ?? [], Date.now)
  for (const host of directory.names()) {
    const own = config.hosts[host]?.zones ?? []
    const form = { host, zones: [...own, ...(zones.get(host) ?? [])], plan: directory.planOf(host) ?? null }
    await print(`${JSON.stringify(form)}\n`)
  }
}

async function run(options: Options): Promise<void> {
  const signal = stopSignal()
  const first = loggerOf(options)
  const hangups = new Hangups()
  const load = () => loadShipServer(options.config, process.env)
  const config = await loadPatiently(load, first, signal)
  if (!config) return
  const logger = loggerOf(options, config.log_level)
  const address = parseListenAddress(config.address) as ListenAddress
  const { cert, key } = config
  if (cert === undefined && !isLoopback(address.host) && !config.insecure)
    throw new ConfigError(
      `tokens would pass in clear on ${address.host}: give cert and key in ${options.config}, or insecure: true`,
    )
  const access = { read: await tokensOf(config), write: [] }
  const running = await RunningCentral.open(config, logger)
  const app = createShipServerApp(async () => running.hosts(), access, logger)
  const service = createHttpService(app, address, 'listen in ship-server.yaml', {
    tls: cert === undefined ? undefined : await readTlsFiles({ cert, key }, dirname(config.file)),
    onUpgrade: running.central.upgrade,
  })
  const announcing = {
    async start() {
      await service.start()
      const { host, port } = service.address()
      logger.info(
        {},
        `serves ${Object.keys(config.hosts).length} hosts at ${cert ? 'https' : 'http'}://${host}:${port}`,
      )
    },
    stop: () => service.stop(),
  }
  hangups.listen(() => reload(load, running, logger))
  const observation = options.status && (await observeAt(options.status, 'ship-server', 'wall'))
  if (observation) shipServerMetrics(observation.metrics, running)
  const name = processName('ship-server')
  const status = daemonStatus({ settings: {}, role: 'ship_server', name, logger, observation })
  const services = [announcing, running, ...(observation ? [observation.serve(logger)] : []), status]
  const manager = new ServiceManager(process.env, logger)
  await runUntilStopped(createGroup(services), { signal, logger, shutdownMs: SHUTDOWN_MS, manager, status })
}

/** Reads the configuration again and pushes what has changed; one with a fault changes nothing. */
function reload(
  load: () => ReturnType<typeof loadShipServer>,
  running: RunningCentral,
  logger: Logger,
): Promise<ReloadOutcome> {
  return readAgain(logger, 'the configuration was read again, and hosts have what has changed', async () => {
    const read = await load()
    const config = requireFaultless(read)
    logFindings(read.findings, logger)
    await running.use(config)
  })
}

async function tokensOf({ read_tokens_file: file }: ShipServerConfig): Promise<readonly string[]> {
  return file === undefined ? [] : readTokenLines(file, 'read_tokens_file')
}
