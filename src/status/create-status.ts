import type { RequestListener } from 'node:http'
import { allEnded } from '../runtime/all-ended.ts'
import { type Logger, silentLogger } from '../runtime/logger.ts'
import { createParentLink, type Parent } from './links/parent-link.ts'
import { createScraper, type ScrapedChild } from './links/scraper.ts'
import { createStatusHandler } from './server/handler.ts'
import type { StatusTokens } from './server/status-access.ts'
import { every, machineClock, type StatusClock } from './status-clock.ts'
import {
  DEFAULT_TTL_S,
  type RefusalReason,
  type StatusLimits,
  type Status as StatusValue,
} from './tree/entry.ts'
import { type StatusChange, StatusModel, type StatusQuery } from './tree/status-model.ts'

export type {
  Parent,
  ScrapedChild,
  StatusChange,
  StatusClock,
  StatusLimits,
  StatusQuery,
  StatusTokens,
  StatusValue,
}

export type StatusOptions = {
  /** to whom all is reported; by default nobody */
  readonly parent?: Parent | undefined
  /** processes whose status is read every 20 s */
  readonly children?: readonly ScrapedChild[]
  /** who may read and send; without any token everybody who reaches the server may */
  readonly tokens?: StatusTokens
  /** whether requests under any host name are served; else, without tokens, only under those of this machine */
  readonly anyHost?: boolean
  /** host on which the server listens, whose name is taken too */
  readonly host?: string | undefined
  readonly limits?: Partial<StatusLimits>
  readonly logger?: Logger
  /** for tests: a clock that they move */
  readonly clock?: StatusClock
}

/** The status of a process and of all that report to it. */
export type Status = {
  /**
   * Stores a status: a key of letters, digits, `_` and `.`, and a text. It holds for `ttl_s` seconds, 600 by default,
   * unless it is reported again. Throws InvalidError for any other key, and where the limits are reached.
   */
  report(key: string, value: string | number | boolean, options?: { readonly ttl_s?: number }): void
  /** Returns a status; undefined where there is none or its time is over. */
  get(key: string): StatusValue | undefined
  /** Returns all statuses that fit, in no order. */
  list(query?: StatusQuery): StatusValue[]
  /** Removes a status. Returns whether there was one. */
  remove(key: string): boolean
  /** Returns the number of changes so far. */
  index(): number
  /** Removes at once what is over, which happens each second anyway. Returns the number of keys. */
  sweep(): number
  /** Returns how many keys and bodies of others were refused, by reason. */
  refusals(): ReadonlyMap<RefusalReason, number>
  /** Calls `listener` at each change. Returns the function that ends it. */
  onChange(listener: (change: StatusChange) => void): () => void
  /** Serves the protocol; for `createServer` of Node, or below a path of an app. */
  readonly handler: RequestListener
  /** Begins to report to the parent, to read the children and to sweep. */
  start(): Promise<void>
  /** Sends the parent what has changed last, and ends. */
  stop(): Promise<void>
}

const SWEEP_MS = 1000

/**
 * Creates the status of a process, in the protocol of hermes.
 *
 * @example
 * const status = createStatus({ parent: { url: 'http://127.0.0.1:9091/', name: 'kiln_2' } })
 * await status.start()
 * status.report('kiln.state', 'heating')
 * createServer(status.handler).listen(9102)
 */
export function createStatus(options: StatusOptions = {}): Status {
  const { parent, children = [], clock = machineClock, logger = silentLogger, limits = {} } = options
  const model = new StatusModel({ now: () => clock.now(), limits, ...(parent ? { name: parent.name } : {}) })
  const services = [
    ...(parent ? [createParentLink({ model, clock, logger, parent })] : []),
    ...children.map((child) => createScraper({ model, clock, logger, child })),
  ]
  const { tokens = {}, anyHost = false, host } = options
  let stopSweeps: (() => void) | undefined
  return {
    report: (key, value, { ttl_s = DEFAULT_TTL_S } = {}) => model.report(key, String(value), ttl_s),
    get: (key) => model.get(key),
    list: (query) => model.statuses(query),
    remove: (key) => model.remove(key),
    index: () => model.index,
    sweep: () => model.sweep(),
    refusals: () => model.refusals(),
    onChange: (listener) => model.onChange(listener),
    handler: createStatusHandler({ model, clock, tokens, anyHost, host }),
    async start() {
      stopSweeps ??= every(clock, SWEEP_MS, () => model.sweep())
      for (const service of services) await service.start()
    },
    async stop() {
      stopSweeps?.()
      await allEnded(services.map((service) => service.stop()))
    },
  }
}

/**
 * Returns the parent that HERMES_PARENT_URL and HERMES_MYNAME name; undefined unless both are set. STACKTACH_STATUS_TOKEN is
 * the token for it.
 *
 * @example
 * createStatus({ parent: parentOf(process.env) })
 */
export function parentOf(environment: { readonly [name: string]: string | undefined }): Parent | undefined {
  const { HERMES_PARENT_URL: url, HERMES_MYNAME: name, STACKTACH_STATUS_TOKEN: token } = environment
  return url && name ? { url, name, ...(token ? { token } : {}) } : undefined
}
