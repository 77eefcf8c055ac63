import type { EventClock } from '../../clock/event-clock.ts'
import type { RunKind } from '../../domain/stream.ts'
import type { Micros } from '../../domain/time.ts'
import type { ClaimRequest, StreamRuns } from '../../store/ports/stream-runs.ts'
import type { ClaimBatch } from './claim-batches.ts'

export type ClaimSourceOptions = {
  readonly store: Pick<StreamRuns, 'claimStreams' | 'claimOrphan'>
  readonly clock: EventClock
  /** the name of the worker */
  readonly name: string
  readonly leaseMs: number
  /** most streams of one claim */
  readonly batchSize: number
  /** aborts when no more streams may be claimed */
  readonly signal: AbortSignal
}

/** How long due streams of one kind are claimed before it is the turn of the other kind, ms. */
const PASS_MS = 1000
/** How long streams of dead workers are claimed before it is the turn of due streams, ms. */
const TAKEOVER_MS = 1000
const ORPHAN_INTERVAL_MS = 5000

/** Claims streams for one worker: due ones batch by batch, those of dead workers one by one. */
export class ClaimSource {
  readonly #options: ClaimSourceOptions
  readonly #orphansAt: { [kind in RunKind]: number } = { fire: -Infinity, expire: -Infinity }

  constructor(options: ClaimSourceOptions) {
    this.#options = options
  }

  /** Claims and yields one batch of streams that are due now; yields nothing when there are none. */
  async *once(kind: RunKind): AsyncGenerator<ClaimBatch> {
    const claimedAt = performance.now()
    const claims = await this.#options.store.claimStreams(this.#request(kind))
    if (claims.length > 0) yield { claims, claimedAt }
  }

  /**
   * Claims and yields batches of at most `size()` streams that are due now and before the event time
   * `before`, while there are more and for at most PASS_MS.
   */
  async *whileDue(kind: RunKind, size: () => number, before: Micros): AsyncGenerator<ClaimBatch> {
    const request = this.#request(kind, before)
    const until = performance.now() + PASS_MS
    while (performance.now() < until && !this.#options.signal.aborted) {
      const limit = size()
      const claimedAt = performance.now()
      const claims = await this.#options.store.claimStreams({ ...request, limit })
      if (claims.length > 0) yield { claims, claimedAt }
      if (claims.length < limit) return
    }
  }

  /**
   * Claims and yields streams of dead workers, one by one on demand, so that a stream that kills its worker
   * takes no other along. Looks for them every few seconds, and on each call when the worker `isIdle`.
   */
  async *orphans(kind: RunKind, isIdle: boolean): AsyncGenerator<ClaimBatch> {
    if (!this.#isOrphanDue(kind, isIdle)) return
    const request = this.#request(kind)
    const until = performance.now() + TAKEOVER_MS
    while (!this.#options.signal.aborted) {
      const claimedAt = performance.now()
      const orphan = claimedAt > until ? undefined : await this.#options.store.claimOrphan(request)
      if (!orphan) return
      yield { claims: [orphan], claimedAt }
    }
  }

  #request(kind: RunKind, before: Micros = Number.MAX_SAFE_INTEGER): ClaimRequest {
    const { clock, batchSize, name, leaseMs } = this.#options
    const now = Math.min(clock.now(), before)
    const dueBefore = clock.dueBefore?.bind(clock)
    const isFirstDue = dueBefore !== undefined
    return { kind, now, dueBefore, isFirstDue, limit: batchSize, worker: name, leaseMs }
  }

  #isOrphanDue(kind: RunKind, isIdle: boolean): boolean {
    const now = performance.now()
    const interval = Math.min(this.#options.leaseMs / 2, ORPHAN_INTERVAL_MS)
    if (!isIdle && now - this.#orphansAt[kind] < interval) return false
    this.#orphansAt[kind] = now
    return true
  }
}
