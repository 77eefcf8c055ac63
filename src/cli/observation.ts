import { type ListenAddress, parseListenAddress } from '../api/listen-address.ts'
import type { WinchesterSettings } from '../config/schemas/winchester-schema.ts'
import type { Service } from '../runtime/lifecycle.ts'
import type { Metrics } from '../runtime/metrics.ts'
import type { StatusParts } from './status-service.ts'

export type Role = 'consumer' | 'worker' | 'api'

/** The metrics of a daemon, and what serves them. */
export type Observation = {
  readonly metrics: Metrics
  serve(parts: Omit<StatusParts, 'address' | 'metrics'>): Service
}

/** undefined where `status` of winchester.yaml names no address for the role: then nothing of it is loaded. */
export async function observe(settings: WinchesterSettings, role: Role): Promise<Observation | undefined> {
  const address = addressOf(settings, role)
  if (!address) return undefined
  const { Metrics } = await import('../runtime/metrics.ts')
  const { createStatusService } = await import('./status-service.ts')
  const metrics = new Metrics()
  return { metrics, serve: (parts) => createStatusService({ ...parts, address, metrics }) }
}

function addressOf({ status }: WinchesterSettings, role: Role): ListenAddress | undefined {
  const text = typeof status === 'string' ? status : status?.[role]
  return text === undefined ? undefined : parseListenAddress(text)
}
