import type { Command } from 'commander'
import { processName, runUntilStopped, stopSignal } from '../../assembly/daemon.ts'
import { daemonStatus } from '../../assembly/daemon-status.ts'
import { observeAt } from '../../assembly/observation.ts'
import { Hangups } from '../../assembly/reload/hangups.ts'
import { openProxy } from '../../assembly/ship/open-proxy.ts'
import { proxyMetrics } from '../../assembly/ship/proxy-metrics.ts'
import { loadShipProxy } from '../../config/load/load-ship-proxy.ts'
import { createGroup } from '../../runtime/lifecycle.ts'
import type { ListenRange } from '../../runtime/listen-address.ts'
import type { LogFormat } from '../../runtime/log/log-format.ts'
import { ServiceManager } from '../../runtime/service-manager.ts'
import { loggerOf } from '../logger-of.ts'
import { printChecked } from '../print-finding.ts'
import { createCommand, statusOption } from '../program.ts'
import { loadPatiently } from '../ship/patient-load.ts'

const CONFIG = "its configuration, or hermes' proxy.json"
const SHUTDOWN_MS = 15_000

type Options = {
  readonly config: string
  readonly status?: ListenRange
  readonly logLevel?: string
  readonly logFormat?: LogFormat
}

/** Creates `stv3 ship-proxy`, through which hosts reach their stores and nothing else. */
export function shipProxyCommand(): Command {
  return createCommand(
    'ship-proxy',
    'let hosts through to the stores they ship to, and to nothing else, by the method CONNECT',
    'stv3 ship-proxy -c proxy.json',
  )
    .addCommand(runCommand(), { isDefault: true })
    .addCommand(checkCommand())
}

function runCommand(): Command {
  return createCommand('run', 'the proxy', 'stv3 ship-proxy -c proxy.json --status 127.0.0.1:9106')
    .requiredOption('-c, --config <file>', CONFIG)
    .addOption(statusOption(''))
    .action(run)
}

function checkCommand(): Command {
  return createCommand(
    'check',
    'validate the configuration, with the place of each fault',
    'stv3 ship-proxy check -c proxy.json',
  )
    .requiredOption('-c, --config <file>', CONFIG)
    .option('--json', 'one JSON object a line for each finding')
    .action(async ({ config: file, json }: { config: string; json?: true }) =>
      printChecked(file, (await loadShipProxy(file)).findings, json),
    )
}

async function run(options: Options): Promise<void> {
  const signal = stopSignal()
  const first = loggerOf(options)
  new Hangups().listen(async () => {
    const sentence = 'the targets are read at the start only; restart stv3 ship-proxy to have them read again'
    first.warn({}, sentence)
    return { ok: false, sentence }
  })
  const config = await loadPatiently(() => loadShipProxy(options.config), first, signal)
  if (!config) return
  const logger = loggerOf(options, config.log_level)
  const proxy = await openProxy(config, logger)
  const observation = options.status && (await observeAt(options.status, 'ship-proxy', 'wall'))
  if (observation) proxyMetrics(observation.metrics, proxy)
  const name = processName('ship-proxy')
  const status = daemonStatus({ settings: {}, role: 'ship_proxy', name, logger, observation })
  const services = createGroup([proxy, ...(observation ? [observation.serve(logger)] : []), status])
  const manager = new ServiceManager(process.env, logger)
  await runUntilStopped(services, { signal, logger, shutdownMs: SHUTDOWN_MS, manager, status })
}
