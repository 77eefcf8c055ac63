import type { Command } from 'commander'
import { createApp } from '../../api/app.ts'
import { createHttpService, type ListenAddress } from '../../api/http-service.ts'
import { loadConfig } from '../../config/load-config.ts'
import { logWarnings, openWhenReady, runUntilStopped, stopSignal } from '../daemon.ts'
import { LONGEST_SILENCE_MS, openStore } from '../open-store.ts'
import { createCommand, listenOption, loggerOf } from '../program.ts'

type Options = { config: string; listen: ListenAddress; logLevel?: string }

/** `stv3 api`: the REST server. */
export function apiCommand(): Command {
  return createCommand(
    'api',
    'serve the REST API',
    'stv3 api -c config/winchester.yaml --listen 127.0.0.1:8000',
  )
    .requiredOption('-c, --config <file>', 'winchester.yaml, or a yagi.conf that names one')
    .addOption(listenOption(8000))
    .action(serve)
}

/** The value of a --listen option. */

async function serve(options: Options): Promise<void> {
  const signal = stopSignal()
  const config = await loadConfig(options.config, process.env)
  const logger = loggerOf(options, config.winchester.log_level)
  logWarnings(config, logger)
  const store = await openWhenReady(() => openStore(config, undefined, LONGEST_SILENCE_MS), signal, logger)
  if (!store) return
  try {
    const service = createHttpService(createApp({ store, logger }), options.listen)
    const announcing = {
      ...service,
      async start() {
        await service.start()
        const { host, port } = service.address()
        logger.info({}, `serving the REST API on http://${host}:${port}/v1/streams`)
      },
    }
    await runUntilStopped(announcing, signal, logger, config.winchester.shutdown_timeout_s * 1000)
  } finally {
    await store.close()
  }
}
