import type { AppSettings } from '../config/load/app-settings.ts'
import type { Config } from '../config/load/config.ts'
import { loadDefinitions } from '../config/load/load-definitions.ts'
import type { QueueSettings } from '../config/load/yagi-settings.ts'
import type { AppServices } from '../consumer/apps/built-in-app.ts'
import { openApp } from '../consumer/apps/open-app.ts'
import type { QueueApp } from '../consumer/apps/run-apps.ts'
import { ConfigError, messageOf } from '../domain/errors.ts'
import type { Logger } from '../runtime/logger.ts'
import { createShared } from '../runtime/shared.ts'
import { useOutgoingOf } from './outgoing-of.ts'

/** Creates the services that the apps of one process share; they send as the configuration says. */
export function appServices(config: Config, logger: Logger): AppServices {
  useOutgoingOf(config)
  return {
    logger,
    shared: createShared(),
    loadDefinitions: async (path) =>
      path === undefined ? config.definitions : loadDefinitions(path, process.env),
  }
}

/**
 * Makes the apps of a queue beside the archive and the streams, in order. Rejects with a ConfigError that has
 * the place of an app that cannot be used.
 */
export async function buildApps({ queue, apps }: QueueSettings, services: AppServices): Promise<QueueApp[]> {
  const built: QueueApp[] = []
  for (const settings of apps) {
    const app = await openApp(settings, services).catch((error: unknown) => {
      throw appError(queue, settings, error)
    })
    if (app) built.push({ name: settings.name, app, accepts: settings.accepts })
  }
  return built
}

function appError(queue: string, { position }: AppSettings, error: unknown): ConfigError {
  const path = `consumer:${queue}.apps`
  const message = `apps: ${messageOf(error)}`
  return new ConfigError(`an app of the queue ${queue} cannot be used`, [
    { severity: 'error', code: 'app', path, message, position },
  ])
}
