import type { Arrival, Router } from '../../domain/routing.ts'
import type { ErrorState, RunKind, Stream } from '../../domain/stream.ts'
import type { Micros } from '../../domain/time.ts'

/** A stream that one worker holds a lease on, counted by the database's clock. */
export type ClaimedStream = {
  readonly stream: Stream
  /** the hash of its key as hex digits: see createStreamKeyHash */
  readonly keyHash: string
  readonly kind: RunKind
  /** the worker before let its lease run out */
  readonly takenOver: boolean
}

export type ClaimRequest = {
  readonly kind: RunKind
  /** event time: streams due before it are claimed */
  readonly now: Micros
  /** most streams that are claimed */
  readonly limit: number
  readonly worker: string
  readonly leaseMs: number
}

/** When streams are due next; null where no such stream is stored. */
export type DueTimes = {
  /** event time at which the first active stream fires */
  readonly fire: Micros | null
  /** event time at which the first active stream expires */
  readonly expire: Micros | null
  /** ms until the first retry or the end of the first lease, by the database's clock; negative when it is past */
  readonly retryInMs: number | null
}

/** A claimed stream whose handlers are done. */
export type FinishedRun = {
  readonly claim: ClaimedStream
  /** events of the handlers, stored and routed in the transaction that completes the stream */
  readonly newEvents: readonly Arrival[]
  /** delete the stream (never its events) instead of keeping it as completed */
  readonly purge: boolean
  /** an error that did not stop the stream, kept with it */
  readonly lastError: string | null
}

/** A claimed stream whose run failed. */
export type FailedRun = {
  readonly claim: ClaimedStream
  readonly error: string
  /** ms by the database's clock until the next run; undefined ends in the error state */
  readonly retryInMs: number | undefined
}

/**
 * Runs of due streams, for workers and for those who bring streams back.
 *
 * A worker claims due streams, renews its leases while handlers are at work, and finishes, fails or releases each:
 * a lease that has gone changes nothing.
 */
export interface StreamRuns {
  /** Reads when streams are due next; retries and leases only `withRetries`. */
  nextDue(withRetries: boolean): Promise<DueTimes>
  /** Claims due streams: retries up to a quarter of the limit, then streams that are due for the first time. */
  claimStreams(request: ClaimRequest): Promise<ClaimedStream[]>
  /** Claims one stream whose worker let its lease run out, alone: a stream that kills its workers takes no other along. */
  claimOrphan(request: ClaimRequest): Promise<ClaimedStream | undefined>
  /** Extends leases and returns the ids of the streams that no other worker has claimed since. */
  renewLeases(claims: readonly ClaimedStream[], leaseMs: number): Promise<Set<number>>
  /** Finishes runs whose lease holds and returns the ids of their streams. */
  finishRuns(runs: readonly FinishedRun[], router: Router): Promise<Set<number>>
  /**
   * Puts a stream into its retry state, or into its error state and keeps a dead letter. Returns false, and changes
   * nothing, when the lease had gone.
   */
  failRun(run: FailedRun): Promise<boolean>
  /**
   * Releases claims (all of one kind of run) without counting the attempt; another worker may claim them when `waitMs`
   * are over.
   */
  releaseClaims(claims: readonly ClaimedStream[], waitMs?: number): Promise<void>
  /** Makes streams of an error state due again, all of them or one, and returns how many. */
  resetStreams(state: ErrorState, id?: number, signal?: AbortSignal): Promise<number>
  /**
   * Deletes a stream, never its events; returns false when there is none. Rejects with ConflictError while a worker
   * runs it.
   */
  deleteStream(id: number, signal?: AbortSignal): Promise<boolean>
  /** Makes a completed stream whose commit failed due again; returns false when it is not such a stream. */
  rerunCompleted(id: number, kind: RunKind): Promise<boolean>
}
