import type { Arrival, Router } from '../../domain/routing.ts'
import type { ErrorState, RunKind, Stream } from '../../domain/stream.ts'
import type { Micros } from '../../domain/time.ts'
import type { StreamStage } from './dead-letter-box.ts'
import type { ReportedPositions } from './watermarks.ts'

/** A stream on which one worker holds a lease, timed by the database's clock. */
export type ClaimedStream = {
  readonly stream: Stream
  /** hash of the stream's key as hex digits; see createStreamKeyHash */
  readonly keyHash: string
  readonly kind: RunKind
  /** whether the stream had waited for its due time only, neither for another try nor for another worker */
  readonly isFirst: boolean
  /** whether the stream was taken over from a worker that let its lease run out */
  readonly takenOver: boolean
  /** whether its handlers must send nothing: it failed in a replay that sent nothing */
  readonly isQuiet: boolean
}

export type ClaimRequest = {
  readonly kind: RunKind
  /** event time; streams that are due before it are claimed */
  readonly now: Micros
  /**
   * Returns the event time that follows from positions of consumers. They are read after the streams, in the same
   * transaction: an event that makes a stream due came with the position that holds it.
   */
  readonly dueBefore?: ((reports: readonly ReportedPositions[]) => Micros) | undefined
  /** whether a stream is left out that was due for the other kind of run before: the earlier time decides (false) */
  readonly isFirstDue?: boolean | undefined
  /** most streams to claim */
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
  /**
   * ms until the first retry or the end of the first lease, by the database's clock; negative when it is past
   */
  readonly retryInMs: number | null
}

/** A claimed stream whose handlers are done. */
export type FinishedRun = {
  readonly claim: ClaimedStream
  /** new events of the handlers, stored and routed in the transaction that completes the stream */
  readonly newEvents: readonly Arrival[]
  /** whether the stream is deleted (never its events) instead of being kept as completed */
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

/** A dead letter of a stream. */
export type StreamLetter = {
  /** id of the dead letter */
  readonly letter: number
  readonly stage: StreamStage
  readonly stream: number
  readonly kind: RunKind
}

/**
 * Runs of due streams, for workers and for operators who bring streams back.
 *
 * A worker claims due streams, renews its leases while handlers are at work, and finishes, fails or releases
 * each stream. A call for a stream whose lease has gone changes nothing.
 *
 * @example
 * const claims = await runs.claimStreams({ kind: 'fire', now, limit: 100, worker: 'worker-1', leaseMs: 60_000 })
 * const held = await runs.renewLeases(claims, 60_000)
 */
export interface StreamRuns {
  /** Reads when streams are due next; `withRetries` includes retries and the ends of leases. */
  nextDue(withRetries: boolean): Promise<DueTimes>
  /**
   * Claims due streams: retries up to a quarter of the limit, then streams that are due for the first time.
   */
  claimStreams(request: ClaimRequest): Promise<ClaimedStream[]>
  /**
   * Claims one stream whose worker let its lease run out, alone: a stream that kills its workers takes no
   * other along.
   */
  claimOrphan(request: ClaimRequest): Promise<ClaimedStream | undefined>
  /** Extends leases and returns the ids of the streams that no other worker has claimed since. */
  renewLeases(claims: readonly ClaimedStream[], leaseMs: number): Promise<Set<number>>
  /** Finishes runs whose lease holds and returns the ids of their streams. */
  finishRuns(runs: readonly FinishedRun[], router: Router): Promise<Set<number>>
  /**
   * Puts a stream into its retry state, or into its error state and keeps a dead letter. Returns false, and
   * changes nothing, when the lease had gone.
   */
  failRun(run: FailedRun): Promise<boolean>
  /**
   * Releases claims, all of one kind of run, without counting the attempt. Another worker may claim the
   * streams when `waitMs` are over.
   */
  releaseClaims(claims: readonly ClaimedStream[], waitMs?: number): Promise<void>
  /** Makes streams of an error state due again, all of them or one, and returns how many. */
  resetStreams(state: ErrorState, id?: number, signal?: AbortSignal): Promise<number>
  /**
   * Makes the stream of a dead letter due again and deletes the letter, in one transaction. Returns false where the
   * stream has changed since; the letter goes then, too. Rejects with NotFoundError where the letter is gone already.
   */
  rerunStreamOf(letter: StreamLetter): Promise<boolean>
  /**
   * Deletes a stream, never its events; returns false when there is none. Rejects with ConflictError while a
   * worker runs it.
   */
  deleteStream(id: number, signal?: AbortSignal): Promise<boolean>
}
