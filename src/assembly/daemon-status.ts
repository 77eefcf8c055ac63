import { hostname } from 'node:os'
import type { WinchesterSettings } from '../config/schemas/winchester-schema.ts'
import { messageOf } from '../domain/errors.ts'
import type { HttpService } from '../http/http-service.ts'
import type { Service } from '../runtime/lifecycle.ts'
import { type ListenRange, parseAddressRange } from '../runtime/listen-address.ts'
import type { Logger } from '../runtime/logger.ts'
import { packageVersion } from '../runtime/version.ts'
import { createStatus, type Parent, parentOf, type Status } from '../status/create-status.ts'
import { maskSecrets } from '../text/mask-secrets.ts'
import type { Observation } from './observation.ts'
import { statusMetrics } from './status-metrics.ts'

type Value = string | number | null | undefined
type Values = { readonly [key: string]: Value }
type Source = () => Values | Promise<Values>

/** What a daemon says about itself in the status tree. It is served where metrics are, and sent to the parent. */
export type DaemonStatus = Service & {
  /** Sets `ROLE.state`. */
  setState(state: string): void
  /** Sets a key; undefined or null removes it. */
  set(key: string, value: Value): void
  /** Reads keys every `periodMs`, a second by default, while the daemon runs. A failure leaves them as they are. */
  follow(read: Source, periodMs?: number): void
  /** Sets a key to the time at which a count was seen to grow. */
  noteChange(key: string, count: () => number): void
}

/** How a daemon is called in the keys of its status. */
export type StatusRole =
  | 'consumer'
  | 'worker'
  | 'api'
  | 'time_server'
  | 'up'
  | 'logs_collector'
  | 'logs_processor'
  | 'ship'
  | 'ship_server'
  | 'ship_proxy'
  | 'heka_tcp'
  | 'heka_http'
  | 'heka_subscribe'
  | 'heka_stats'
  | 'heka_bridge'

export type DaemonStatusParts = {
  readonly settings: Pick<Partial<WinchesterSettings>, 'status'>
  readonly role: StatusRole
  /** name of the process */
  readonly name: string
  readonly logger: Logger
  readonly observation?: Observation | undefined
  readonly environment?: NodeJS.ProcessEnv
}

const READ_MS = 1000
/** A value that stays is reported again after this time, so that it does not run out; ms. */
const RENEW_MS = 300_000
const LONGEST_VALUE = 2000

/** Creates the status of a daemon, with its state, its version and the name of its process. */
export function daemonStatus(parts: DaemonStatusParts): DaemonStatus {
  const { settings, role, name, logger, observation, environment = process.env } = parts
  const parent = daemonParent(settings, role, environment)
  const { tokens, listen, insecure } = typeof settings.status === 'object' ? settings.status : {}
  const range = listen === undefined ? undefined : parseAddressRange(listen)
  const anyHost = insecure === true
  const tree = createStatus({ parent, tokens: tokensOf(tokens), anyHost, host: range?.host, logger })
  let server: HttpService | undefined
  const serve = async (at: ListenRange) => {
    // Most daemons need none of it.
    const { createRangeService } = await import('../http/range-service.ts')
    server = createRangeService(tree.handler, at, 'status.listen', { refusals: 'text' })
    await server.start()
    logger.info({}, `status tree at http://${at.host}:${server.address().port}/`)
  }
  observation?.addTree(tree.handler)
  if (observation) statusMetrics(observation.metrics, tree)
  const reporter = new Reporter(tree, logger)
  reporter.set(`${role}.state`, 'starting')
  reporter.set(`${role}.version`, packageVersion())
  reporter.set(`${role}.process`, name)
  return {
    setState: (state) => reporter.set(`${role}.state`, state),
    set: (key, value) => reporter.set(key, value),
    follow: (read, periodMs) => reporter.follow(read, periodMs),
    noteChange: (key, count) => reporter.follow(changeOf(key, count)),
    async start() {
      // Where nobody can see it nothing has to be read.
      if (observation || parent || range) await reporter.start()
      if (range) await serve(range)
    },
    async stop() {
      reporter.set(`${role}.state`, 'stopped')
      await reporter.stop()
      await server?.stop()
    },
  }
}

/** Returns the parent of a daemon by environment and configuration; undefined where neither names one. */
export function daemonParent(
  { status }: Pick<Partial<WinchesterSettings>, 'status'>,
  role: string,
  environment: NodeJS.ProcessEnv,
): Parent | undefined {
  const configured = typeof status === 'object' ? status : {}
  const url = environment.HERMES_PARENT_URL || configured.parent
  if (!url) return undefined
  const name = environment.HERMES_MYNAME || `${configured.name ?? hostPart()}/${role}`
  const token = environment.STACKTACH_STATUS_TOKEN || configured.parent_token
  return parentOf({ HERMES_PARENT_URL: url, HERMES_MYNAME: name, STACKTACH_STATUS_TOKEN: token })
}

/** Returns the name of the host as a part of a key. */
function hostPart(): string {
  const [first = ''] = hostname().split('.')
  return first.replace(/\W/g, '_').padEnd(2, '_')
}

function tokensOf(tokens: Exclude<WinchesterSettings['status'], string | undefined>['tokens'] = {}) {
  const { read = [], write = [], children = {} } = tokens
  return { read, write, children }
}

function changeOf(key: string, count: () => number): () => Values {
  let last = count()
  let at: string | undefined
  return () => {
    const now = count()
    if (now !== last) at = new Date().toISOString()
    last = now
    return { [key]: at }
  }
}

/** Reports values when they change, and again before they run out. */
class Reporter {
  readonly #tree: Status
  readonly #logger: Logger
  readonly #sources: { readonly read: Source; readonly periodMs: number; readAt: number }[] = []
  readonly #said = new Map<string, { readonly text: string; readonly at: number }>()
  #timer: NodeJS.Timeout | undefined
  #isReading = false

  constructor(tree: Status, logger: Logger) {
    this.#tree = tree
    this.#logger = logger
  }

  set(key: string, value: Value): void {
    if (value === undefined || value === null) {
      if (this.#said.delete(key)) this.#tree.remove(key)
      return
    }
    const text = maskSecrets(String(value)).slice(0, LONGEST_VALUE)
    const last = this.#said.get(key)
    const now = performance.now()
    if (last?.text === text && now - last.at < RENEW_MS) return
    this.#said.set(key, { text, at: now })
    this.#tree.report(key, text)
  }

  follow(read: Source, periodMs = READ_MS): void {
    this.#sources.push({ read, periodMs, readAt: Number.NEGATIVE_INFINITY })
  }

  async start(): Promise<void> {
    await this.#tree.start()
    this.#timer = setInterval(() => void this.#read(), READ_MS)
    this.#timer.unref()
    await this.#read()
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#tree.stop()
  }

  async #read(): Promise<void> {
    if (this.#isReading) return
    this.#isReading = true
    for (const [key, { text }] of this.#said) this.set(key, text)
    const now = performance.now()
    // Timers are late or early by some milliseconds.
    for (const source of this.#sources.filter(
      ({ readAt, periodMs }) => now - readAt > periodMs - READ_MS / 2,
    )) {
      source.readAt = now
      try {
        for (const [key, value] of Object.entries(await source.read())) this.set(key, value)
      } catch (error) {
        this.#logger.debug({}, `a status could not be read: ${messageOf(error)}`)
      }
    }
    this.#isReading = false
  }
}
