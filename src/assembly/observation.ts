import type { RequestListener } from 'node:http'
import type { WinchesterSettings } from '../config/schemas/winchester-schema.ts'
import { Health } from '../observe/health.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { ProcessFacts } from '../observe/status-app.ts'
import type { Service } from '../runtime/lifecycle.ts'
import { type ListenRange, parseLoopbackRange } from '../runtime/listen-address.ts'
import type { Logger } from '../runtime/logger.ts'
import { packageVersion } from '../runtime/version.ts'

/** The daemons that winchester.yaml may name an address of the status for. */
export type ConfiguredRole = 'consumer' | 'worker' | 'api'

export type Role =
  | ConfiguredRole
  | 'time-server'
  | 'ship'
  | 'ship-proxy'
  | 'ship-server'
  | 'logs-collector'
  | 'logs-processor'

/** The event clock that a daemon goes by. */
type ClockName = WinchesterSettings['clock'] | 'time_sync'

/** The metrics and health of a daemon, and the service that publishes them. */
export type Observation = {
  readonly metrics: Metrics
  readonly health: Health
  /** Adds facts about the process, such as its name, which are read at each request of `/status`. */
  addFacts(facts: () => ProcessFacts): void
  /** Serves the status tree beside metrics and health. To be called before `serve`. */
  addTree(tree: RequestListener): void
  serve(logger: Logger): Service
}

/**
 * Creates the metrics and health of a daemon, at the address given or that of `status` of winchester.yaml.
 * Returns undefined, and loads none of the modules, when there is none for the role.
 */
export async function observe(
  settings: WinchesterSettings,
  role: ConfiguredRole,
  given?: ListenRange,
): Promise<Observation | undefined> {
  const address = given ?? statusAddressOf(settings, role)
  return address && observeAt(address, role, settings.time_sync_endpoint ? 'time_sync' : settings.clock)
}

/** Creates the metrics and health of a daemon that are served at an address. */
export async function observeAt(address: ListenRange, role: Role, clock: ClockName): Promise<Observation> {
  const { Metrics } = await import('../observe/metrics.ts')
  const { createStatusService } = await import('../observe/status-service.ts')
  const metrics = new Metrics()
  const health = new Health()
  const version = packageVersion()
  const added: (() => ProcessFacts)[] = []
  let tree: RequestListener | undefined
  const about = () => ({
    role,
    version,
    pid: process.pid,
    uptime_s: Math.floor(process.uptime()),
    clock,
    ...Object.assign({}, ...added.map((facts) => facts())),
  })
  return {
    metrics,
    health,
    addFacts: (facts) => void added.push(facts),
    addTree: (given) => {
      tree = given
    },
    serve: (logger) => createStatusService({ address, health, metrics, logger, about, tree }),
  }
}

/** Returns where a role serves its status by winchester.yaml; undefined where it serves none. */
export function statusAddressOf(
  { status }: Pick<WinchesterSettings, 'status'>,
  role: ConfiguredRole,
): ListenRange | undefined {
  const text = typeof status === 'string' ? status : status?.[role]
  return text === undefined ? undefined : parseLoopbackRange(text)
}
