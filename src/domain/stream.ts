import type { Micros } from './time.ts'
import type { DistinguishingTraits } from './trait.ts'

/** In the order of their numbers in the database, 1 to 8. */
export const STREAM_STATES = [
  'active',
  'firing',
  'expiring',
  'error',
  'expire_error',
  'completed',
  'retry_fire',
  'retry_expire',
] as const

export type StreamState = (typeof STREAM_STATES)[number]

/** How often each fire criterion was met, by the fingerprint of the criterion. */
export type Progress = { readonly [fingerprint: string]: number }

/** The persistent bucket of events of one trigger with the same distinguishing traits. */
export type Stream = {
  readonly id: number
  readonly name: string
  readonly state: StreamState
  /** changes with every change of state: what fences off a worker whose lease has gone */
  readonly stateSerialNo: number
  readonly eventCount: number
  /** how many pipelines stand between its events and a notification from outside */
  readonly generation: number
  readonly firstEvent: Micros
  readonly lastEvent: Micros
  readonly fireTimestamp: Micros | null
  readonly expireTimestamp: Micros | null
  readonly distinguishingTraits: DistinguishingTraits
  readonly progress: Progress
  readonly attempts: number
  readonly lastError: string | null
}

/** Why a stream runs: its criteria were met, or its time is up. */
export type RunKind = 'fire' | 'expire'

/** The states of a stream on each way: while its pipeline runs, before it runs again, and when it failed for good. */
export const RUN_STATES = {
  fire: { running: 'firing', retry: 'retry_fire', error: 'error' },
  expire: { running: 'expiring', retry: 'retry_expire', error: 'expire_error' },
} as const satisfies { [kind in RunKind]: { [phase: string]: StreamState } }

/** A state that only a reset ends. */
export type ErrorState = (typeof RUN_STATES)[RunKind]['error']
