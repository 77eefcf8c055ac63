import type { WinchesterSettings } from '../config/schemas/winchester-schema.ts'
import { Health } from '../observe/health.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { Service } from '../runtime/lifecycle.ts'
import { type ListenRange, parseLoopbackRange } from '../runtime/listen-address.ts'
import type { Logger } from '../runtime/logger.ts'

export type Role = 'consumer' | 'worker' | 'api'

/** The metrics and health of a daemon, and the service that publishes them. */
export type Observation = {
  readonly metrics: Metrics
  readonly health: Health
  serve(logger: Logger): Service
}

/**
 * Creates the metrics and health of a daemon, at the address given or that of `status` of winchester.yaml.
 * Returns undefined, and loads none of the modules, when there is none for the role.
 */
export async function observe(
  settings: WinchesterSettings,
  role: Role,
  given?: ListenRange,
): Promise<Observation | undefined> {
  const address = given ?? addressOf(settings, role)
  if (!address) return undefined
  const { Metrics } = await import('../observe/metrics.ts')
  const { createStatusService } = await import('../observe/status-service.ts')
  const metrics = new Metrics()
  const health = new Health()
  return {
    metrics,
    health,
    serve: (logger) => createStatusService({ address, health, metrics, logger }),
  }
}

function addressOf({ status }: WinchesterSettings, role: Role): ListenRange | undefined {
  const text = typeof status === 'string' ? status : status?.[role]
  return text === undefined ? undefined : parseLoopbackRange(text)
}
