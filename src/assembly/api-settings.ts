import { resolve } from 'node:path'
import type { Environment } from '../config/documents/interpolate.ts'
import type { Config } from '../config/load/config.ts'
import { ConfigError } from '../domain/errors.ts'
import type { StoredEvent } from '../domain/event.ts'
import type { HekaStatistics } from '../formats/heka-form.ts'
import type { RestShipHost } from '../formats/ship-form.ts'
import type { CriteriaTexts } from '../formats/tally-form.ts'
import type { Access } from '../http/access.ts'
import type { Limits } from '../runtime/client-limits.ts'
import { isLoopback, type ListenAddress, parseListenAddress } from '../runtime/listen-address.ts'
import { readSecret } from '../runtime/read-secret.ts'
import type { Trigger } from '../streams/trigger.ts'
import { flowYaml } from '../text/flow-yaml.ts'
import { type ArchivePage, listArchives } from './archive-listing.ts'
import { findNotification } from './find-notification.ts'
import { indexedTraits } from './open-store.ts'
import { serverReader } from './server-reader.ts'

/** The environment variables of tokens, which add to those of winchester.yaml. */
const VARIABLES = { read: 'STACKTACH_READ_TOKEN', write: 'STACKTACH_WRITE_TOKEN' } as const

export type ServedApi = {
  readonly address: ListenAddress
  readonly access: Access
  readonly limits: Limits
  readonly triggers: readonly Trigger[]
  /** names of traits that a bare value is looked for under: those of the triggers, then indexed_traits */
  readonly searchedTraits: readonly string[]
  /** the criteria of triggers by name, each on one line */
  readonly criteria: ReadonlyMap<string, CriteriaTexts>
  /** the page for people; undefined where it is turned off */
  readonly page: PageSettings | undefined
  /** absent where the configuration has no archive */
  readonly findNotification:
    | ((event: StoredEvent, signal: AbortSignal) => Promise<Buffer | undefined>)
    | undefined
  readonly listArchives: (page: ArchivePage) => Promise<object[]>
  /** undefined where no ship-server is named */
  readonly listShipHosts: (() => Promise<readonly RestShipHost[]>) | undefined
  /** undefined where no daemon of statistics is named */
  readonly readHeka: (() => Promise<HekaStatistics>) | undefined
}

type PageSettings = { readonly filters: { readonly [name: string]: string } }

/**
 * Returns the address, access, limits and triggers of the API from a configuration. `listen` is the address of the
 * command line, which takes precedence. Rejects with ConfigError when the API would serve other machines
 * without a token.
 */
export async function apiSettings(
  config: Config,
  listen: ListenAddress | undefined,
  environment: Environment,
): Promise<ServedApi> {
  const { winchester, folder, triggers } = config
  const { api } = winchester
  // The schema accepts valid addresses only.
  const address = listen ?? (parseListenAddress(api.listen) as ListenAddress)
  const tokensFor = async (use: 'read' | 'write') => {
    const file = api.tokens?.[`${use}_file`]
    const ofFile = file ? (await readSecret(resolve(folder, file))).split('\n') : []
    return [api.tokens?.[use] ?? [], environment[VARIABLES[use]] ?? [], ofFile]
      .flat()
      .map((token) => token.trim())
      .filter((token) => token !== '')
  }
  const anyHost = api.insecure
  const access = { read: await tokensFor('read'), write: await tokensFor('write'), anyHost }
  const hasTokens = access.read.length + access.write.length > 0
  const areNamed = api.tokens !== undefined || Object.values(VARIABLES).some((name) => name in environment)
  if (areNamed && !hasTokens) throw new ConfigError('the tokens of the API are blank: expected one at least')
  if (!hasTokens && !isLoopback(address.host) && !anyHost) {
    throw new ConfigError(
      `the API would serve everybody on ${address.host}: set api.tokens in winchester.yaml, ${VARIABLES.read} or ${VARIABLES.write} in the environment, or api.insecure: true`,
    )
  }
  const { query_timeout_s, requests_per_minute } = api.limits
  const limits = { queryTimeoutMs: query_timeout_s * 1000, requestsPerMinute: requests_per_minute }
  const names = [...indexedTraits(triggers, []), ...winchester.indexed_traits]
  const searchedTraits = [...new Set(names)].filter((name) => name !== 'timestamp')
  const archives = (page: ArchivePage) => listArchives(config, page)
  const { ship_server: shipServer, heka_stats: hekaStats } = api
  const listShipHosts =
    shipServer &&
    serverReader<readonly RestShipHost[]>(shipServer, { folder, path: '/v1/ship', name: 'ship-server' })
  const readHeka =
    hekaStats && serverReader<HekaStatistics>(hekaStats, { folder, path: '/statistics', name: 'heka-stats' })
  const hasArchive = config.yagi?.queues.some(({ archive }) => archive !== undefined)
  return {
    ...{ address, access, limits, triggers, searchedTraits, listArchives: archives, listShipHosts, readHeka },
    criteria: criteriaOf(config),
    page: pageOf(winchester.ui),
    findNotification: hasArchive ? (...given) => findNotification(config, ...given) : undefined,
  }
}

function pageOf(ui: Config['winchester']['ui']): PageSettings | undefined {
  if (typeof ui === 'boolean') return ui ? { filters: {} } : undefined
  return ui.enabled ? { filters: ui.filters } : undefined
}

function criteriaOf({ written }: Config): ReadonlyMap<string, CriteriaTexts> {
  return new Map(
    written.triggers.map(({ name, match_criteria, fire_criteria, fire_delay, expiration }) => [
      name,
      {
        match: match_criteria.map(flowYaml),
        fire: [...fire_criteria.map(flowYaml), ...(fire_delay ? [`fire_delay: ${fire_delay}`] : [])],
        expiration,
      },
    ]),
  )
}
