import type { AppSettings, FeedAppSettings } from '../config/load/app-settings.ts'
import type { Config } from '../config/load/load-config.ts'
import { loadDefinitions } from '../config/load/load-definitions.ts'
import { makeOwnApp } from '../config/load/own-app.ts'
import type { QueueSettings } from '../config/load/yagi-settings.ts'
import type { ConsumerApp } from '../consumer/apps/app.ts'
import { AtomPubApp } from '../consumer/apps/atompub-app.ts'
import { ElasticsearchApp } from '../consumer/apps/elasticsearch-app.ts'
import type { QueueApp } from '../consumer/apps/run-apps.ts'
import { createDistiller } from '../distiller/distiller.ts'
import type { FeedSettings } from '../publishing/post-entry.ts'

/** The apps of a queue beside the archive and the streams, in order. Throws StackTachError for one that cannot be used. */
export async function buildApps({ apps }: QueueSettings, config: Config): Promise<QueueApp[]> {
  const built: QueueApp[] = []
  for (const settings of apps) {
    const app = await buildApp(settings, config)
    if (app) built.push({ name: settings.name, app, accepts: settings.accepts })
  }
  return built
}

async function buildApp(settings: AppSettings, config: Config): Promise<ConsumerApp | undefined> {
  switch (settings.kind) {
    case 'atompub':
    case 'cufpub': {
      const { intervalMs, maxWaitMs, retries } = settings.feed
      return new AtomPubApp({
        feed: feedOf(settings.feed),
        waits: { initialMs: intervalMs, maxMs: maxWaitMs, retries },
        content: settings.kind === 'cufpub' ? 'cuf' : 'notification',
        extra: settings.feed.extra,
      })
    }
    case 'elasticsearch': {
      const { url, index, region, distillerConfig } = settings.server
      const definitions = distillerConfig
        ? await loadDefinitions(distillerConfig, process.env)
        : config.definitions
      const waits = { initialMs: 1000, maxMs: 60_000 }
      const server = { url, index, headers: {}, timeoutMs: 30_000, waits }
      return new ElasticsearchApp({
        server,
        region,
        distiller: createDistiller(definitions, { catchAll: false }),
      })
    }
    case 'own':
      return (await makeOwnApp(settings)) as ConsumerApp
    default:
      return undefined
  }
}

/** With a server that gives out tokens user and key go there, else with each entry. */
function feedOf({ url, authServer, user, key, timeoutMs }: FeedAppSettings): FeedSettings {
  if (authServer && user) {
    return { url, timeoutMs, auth: { server: authServer, user, key, keyFile: undefined } }
  }
  const basic = user && `Basic ${Buffer.from(`${user}:${key ?? ''}`).toString('base64')}`
  return { url, timeoutMs, auth: undefined, headers: basic ? { authorization: basic } : {} }
}
