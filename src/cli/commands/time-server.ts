import type { Command } from 'commander'
import { processName, runUntilStopped, stopSignal } from '../../assembly/daemon.ts'
import { daemonStatus } from '../../assembly/daemon-status.ts'
import { observeAt } from '../../assembly/observation.ts'
import { Hangups } from '../../assembly/reload/hangups.ts'
import { timeAccess } from '../../assembly/time-settings.ts'
import { createSharedTime } from '../../clock/shared-time.ts'
import { createTimeApp } from '../../clock/time-app.ts'
import { createHttpService } from '../../http/http-service.ts'
import { createGroup } from '../../runtime/lifecycle.ts'
import type { ListenAddress, ListenRange } from '../../runtime/listen-address.ts'
import { loggerOf } from '../logger-of.ts'
import { createCommand, listenOption, statusOption } from '../program.ts'

type Options = { listen: ListenAddress; status?: ListenRange; insecure?: true; logLevel?: string }

const SHUTDOWN_MS = 5000

/**
 * Creates `stv3 time-server`, which serves the shared clock of consumers and workers that process old
 * notifications.
 */
export function timeServerCommand(): Command {
  return createCommand(
    'time-server',
    'serve the shared clock behind time_sync_endpoint, by which old notifications are processed as if they were new',
    'stv3 time-server --listen 127.0.0.1:8008   # time_sync_endpoint: http://127.0.0.1:8008/time',
  )
    .addOption(listenOption(8008))
    .addOption(statusOption(''))
    .option('--insecure', 'serve other machines without STACKTACH_TIME_TOKEN')
    .action(async (options: Options) => {
      const signal = stopSignal()
      const logger = loggerOf(options)
      new Hangups().listen(async () => {
        const sentence = 'there is no configuration to read again'
        logger.info({}, sentence)
        return { ok: true, sentence }
      })
      const access = timeAccess(options.listen, options.insecure === true, process.env)
      const service = createHttpService(createTimeApp(createSharedTime(), logger, access), options.listen)
      const observation = options.status && (await observeAt(options.status, 'time-server', 'time_sync'))
      const name = processName('time-server')
      const status = daemonStatus({ settings: {}, role: 'time_server', name, logger, observation })
      const services = [service, ...(observation ? [observation.serve(logger)] : []), status]
      await runUntilStopped(createGroup(services), { signal, logger, shutdownMs: SHUTDOWN_MS, status })
    })
}
