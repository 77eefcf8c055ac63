import type { Command } from 'commander'
import { type AppDependencies, createApiApp } from '../../api/api-app.ts'
import { apiSettings } from '../../assembly/api-settings.ts'
import { logWarnings, runUntilStopped, stopSignal } from '../../assembly/daemon.ts'
import { clockSettingsOf } from '../../assembly/event-clock-of.ts'
import { observe } from '../../assembly/observation.ts'
import { LONGEST_SILENCE_MS, openStore } from '../../assembly/open-store.ts'
import { withStore } from '../../assembly/with-store.ts'
import { loadWholeConfig } from '../../config/load/load-config.ts'
import { createHttpService } from '../../http/http-service.ts'
import type { Metrics } from '../../observe/metrics.ts'
import type { ListenAddress, ListenRange } from '../../runtime/listen-address.ts'
import { apiListenOption, createCommand, loggerOf, statusOption } from '../program.ts'

type Options = { config: string; listen?: ListenAddress; status?: ListenRange; logLevel?: string }

/** Creates `stv3 api`, which serves the REST API until it is stopped. */
export function apiCommand(): Command {
  return createCommand(
    'api',
    'serve the REST API',
    'stv3 api -c config/winchester.yaml --listen 127.0.0.1:8000',
  )
    .requiredOption('-c, --config <file>', 'winchester.yaml, or a yagi.conf or quincy.conf that names one')
    .addOption(apiListenOption().default(undefined, 'api.listen of winchester.yaml, else 127.0.0.1:8000'))
    .addOption(statusOption())
    .action(serve)
}

async function serve(options: Options): Promise<void> {
  const signal = stopSignal()
  const config = await loadWholeConfig(options.config, process.env)
  const logger = loggerOf(options, config.winchester.log_level)
  logWarnings(config, logger)
  const observation = await observe(config.winchester, 'api', options.status)
  const { address, access, limits } = await apiSettings(config, options.listen, process.env)
  const statementMs = limits.queryTimeoutMs
  const open = () => openStore(config, { silenceMs: LONGEST_SILENCE_MS, statementMs })
  await withStore({ open, signal, logger, observation }, async (store) => {
    const onRequest = observation && requestMetrics(observation.metrics)
    const clock = clockSettingsOf(config)
    const app = createApiApp({ store, clock, logger, access, limits, onRequest })
    const service = createHttpService(app, address)
    const announcing = {
      ...service,
      async start() {
        await service.start()
        const { host, port } = service.address()
        logger.info({}, `serving the REST API on http://${host}:${port}/v1/streams`)
      },
    }
    await runUntilStopped(announcing, signal, logger, config.winchester.shutdown_timeout_s * 1000)
  })
}

function requestMetrics(metrics: Metrics): AppDependencies['onRequest'] {
  const took = metrics.histogram('api_request_seconds', 'a request of the REST API', ['method', 'status'])
  return (method, status, seconds) => took(seconds, { method, status })
}
