import type { Micros } from './time.ts'
import type { DistinguishingTraits } from './trait.ts'

/** All states, in the order of their numbers in the database (1 to 8). */
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

/** How many events met each fire criterion, by the criterion's fingerprint. */
export type Progress = { readonly [fingerprint: string]: number }

/** A persistent collection of the events of one trigger that have the same distinguishing traits. */
export type Stream = {
  readonly id: number
  readonly name: string
  readonly state: StreamState
  /** changes with every change of state, which fences off a worker that has lost its lease */
  readonly stateSerialNo: number
  readonly eventCount: number
  /** number of pipeline runs between a notification from outside and the stream's events */
  readonly generation: number
  readonly firstEvent: Micros
  readonly lastEvent: Micros
  readonly fireTimestamp: Micros | null
  readonly expireTimestamp: Micros | null
  readonly distinguishingTraits: DistinguishingTraits
  readonly progress: Progress
  readonly attempts: number
  readonly lastError: string | null
  /** whether it belongs to a replay that has not ended, and no worker of the deployment runs it (absent: not) */
  readonly isOfReplay?: true
}

/** Why a stream's pipeline runs: the fire criteria were met, or the stream has expired. */
export type RunKind = 'fire' | 'expire'

/**
 * The states of each kind of run: while the pipeline runs, while it waits for a retry, and after it failed
 * for good.
 */
export const RUN_STATES = {
  fire: { running: 'firing', retry: 'retry_fire', error: 'error' },
  expire: { running: 'expiring', retry: 'retry_expire', error: 'expire_error' },
} as const satisfies { [kind in RunKind]: { [phase: string]: StreamState } }

/** A state that a stream leaves only by a reset. */
export type ErrorState = (typeof RUN_STATES)[RunKind]['error']
