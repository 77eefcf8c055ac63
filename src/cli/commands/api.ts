import type { Command } from 'commander'
import { apiMetrics } from '../../assembly/api-metrics.ts'
import { apiSettings } from '../../assembly/api-settings.ts'
import { logWarnings, processName, runUntilStopped, stopSignal } from '../../assembly/daemon.ts'
import { DaemonLog, type LogOptions } from '../../assembly/daemon-log.ts'
import { daemonStatus } from '../../assembly/daemon-status.ts'
import { clockSettingsOf } from '../../assembly/event-clock-of.ts'
import { observe } from '../../assembly/observation.ts'
import { LONGEST_SILENCE_MS, openStore } from '../../assembly/open-store.ts'
import { PostedIntake } from '../../assembly/posted-intake.ts'
import { Hangups } from '../../assembly/reload/hangups.ts'
import { Reloader } from '../../assembly/reload/reloader.ts'
import { RunningRepair } from '../../assembly/running-repair.ts'
import { withStore } from '../../assembly/with-store.ts'
import type { Config } from '../../config/load/config.ts'
import { loadWholeConfig } from '../../config/load/load-config.ts'
import { createSampler } from '../../dashboard/sampler.ts'
import { createHttpService } from '../../http/http-service.ts'
import { createGroup } from '../../runtime/lifecycle.ts'
import type { ListenAddress, ListenRange } from '../../runtime/listen-address.ts'
import { ServiceManager } from '../../runtime/service-manager.ts'
import { apiListenOption, createCommand, statusOption } from '../program.ts'
import { RunningApi } from '../running-api.ts'

type Options = LogOptions & { config: string; listen?: ListenAddress; status?: ListenRange }

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
  const hangups = new Hangups()
  const config = await loadWholeConfig(options.config, process.env)
  const log = new DaemonLog(config, 'api', options)
  const { logger } = log
  const manager = new ServiceManager(process.env, logger)
  logWarnings(config, logger)
  const observation = await observe(config.winchester, 'api', options.status)
  const settings = await apiSettings(config, options.listen, process.env)
  const name = processName('api')
  const status = daemonStatus({ settings: config.winchester, role: 'api', name, logger, observation })
  const statementMs = settings.limits.queryTimeoutMs
  const open = () => openStore(config, { writer: name, silenceMs: LONGEST_SILENCE_MS, statementMs })
  await withStore({ open, signal, logger, observation, manager, status }, async (store) => {
    const onRequest = observation && apiMetrics(observation.metrics)
    const clock = clockSettingsOf(config)
    const repair = new RunningRepair({ store, config, logger, name })
    const { runner } = repair
    const posted = new PostedIntake({ store, config, logger })
    const take: PostedIntake['take'] = (...given) => posted.take(...given)
    const api = new RunningApi({ store, clock, logger, onRequest, runner, take }, settings, config)
    const service = createHttpService(api.listener, settings.address)
    const announcing = {
      ...service,
      async start() {
        await service.start()
        const { host, port } = service.address()
        status.set('api.address', `http://${host}:${port}/`)
        logger.info({}, `serving the REST API on http://${host}:${port}/v1/streams`)
        if (settings.page) logger.info({}, `serving the page on http://${host}:${port}/`)
      },
    }
    const prepare = async (next: Config) => {
      const prepared = await api.prepare(next, options.listen)
      return {
        ...prepared,
        apply() {
          prepared.apply()
          repair.useConfig(next)
          posted.useConfig(next)
        },
      }
    }
    const reloader = new Reloader({
      file: options.config,
      role: 'api',
      config,
      log,
      manager,
      status,
      prepare,
    })
    const sampler = settings.page ? [createSampler({ store, clock, logger })] : []
    const services = createGroup([repair, posted, ...sampler, announcing, reloader.service(hangups)])
    const shutdownMs = config.winchester.shutdown_timeout_s * 1000
    await runUntilStopped(services, { signal, logger, shutdownMs, manager, status })
  })
}
