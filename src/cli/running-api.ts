import type { RequestListener } from 'node:http'
import { type AppDependencies, createApiApp } from '../api/api-app.ts'
import { apiSettings, type ServedApi } from '../assembly/api-settings.ts'
import type { PreparedChange } from '../assembly/reload/reloader.ts'
import type { Config } from '../config/load/config.ts'
import { mountPage } from '../dashboard/mount-page.ts'
import type { ListenAddress } from '../runtime/listen-address.ts'
import { notificationExplainer } from './notification-explainer.ts'

type Parts = Omit<AppDependencies, keyof ServedApi | 'mountPage' | 'explainNotification'>

/** The REST API of a process, whose tokens, limits and triggers may change while it serves. */
export class RunningApi {
  readonly #parts: Parts
  #settings: ServedApi
  #app: RequestListener

  constructor(parts: Parts, settings: ServedApi, config: Config) {
    this.#parts = parts
    this.#settings = settings
    this.#app = appOf(parts, settings, config)
  }

  /** Serves each request by the settings that are in force when it comes. */
  readonly listener: RequestListener = (request, response) => this.#app(request, response)

  /**
   * Prepares the API for a changed configuration. Rejects with ConfigError when it would serve other machines without
   * a token, or a file of tokens cannot be used.
   */
  async prepare(next: Config, listen: ListenAddress | undefined): Promise<PreparedChange> {
    const settings = await apiSettings(next, listen, process.env)
    const app = appOf(this.#parts, settings, next)
    return {
      changes: changesOf(this.#settings, settings),
      apply: () => {
        this.#settings = settings
        this.#app = app
      },
    }
  }
}

function appOf(parts: Parts, settings: ServedApi, config: Config): RequestListener {
  const { access, page, readHeka } = settings
  const hasHeka = readHeka !== undefined
  return createApiApp({
    ...parts,
    ...settings,
    explainNotification: notificationExplainer(config),
    mountPage: page && ((app) => mountPage(app, { access, filters: page.filters, hasHeka })),
  })
}

/** Returns what differs, in words without the tokens. */
function changesOf(before: ServedApi, after: ServedApi): string[] {
  const kinds = ['read', 'write'] as const
  const tokens = kinds.filter((kind) => before.access[kind].join('\n') !== after.access[kind].join('\n'))
  const [was, is] = [before.limits.requestsPerMinute, after.limits.requestsPerMinute]
  return [
    ...tokens.map((kind) => `tokens that may ${kind}`),
    ...(before.access.anyHost === after.access.anyHost ? [] : [`api.insecure ${after.access.anyHost}`]),
    ...(JSON.stringify(before.page) === JSON.stringify(after.page) ? [] : ['ui']),
    ...(was === is ? [] : [`api.limits.requests_per_minute ${was} → ${is}`]),
  ]
}
