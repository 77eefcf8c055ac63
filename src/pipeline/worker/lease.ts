import { messageOf } from '../../domain/errors.ts'
import type { Logger } from '../../runtime/logger.ts'
import type { Outage } from '../../runtime/outage.ts'
import type { ClaimedStream, StreamRuns } from '../../store/ports/stream-runs.ts'

export type LeaseOptions = {
  readonly store: Pick<StreamRuns, 'renewLeases' | 'releaseClaims'>
  readonly leaseMs: number
  /** when the claim was requested, by performance.now() */
  readonly claimedAt: number
  readonly logger: Logger
  /** the outage of the database */
  readonly outage: Outage
}

/** Renews the claims that a worker has in hand, and tracks which it still owns. */
export class Lease {
  readonly #inHand: Set<ClaimedStream>
  readonly #options: LeaseOptions
  readonly #timer: NodeJS.Timeout
  #held: ReadonlySet<number>
  #validUntil: number

  constructor(claims: readonly ClaimedStream[], options: LeaseOptions) {
    this.#inHand = new Set(claims)
    this.#options = options
    this.#held = new Set(claims.map(({ stream }) => stream.id))
    this.#validUntil = options.claimedAt + options.leaseMs
    this.#timer = setInterval(() => void this.renew(), options.leaseMs / 3)
  }

  /** Whether a stream may still be run: no other worker has taken it over or could have by now. */
  holds(streamId: number): boolean {
    return this.#held.has(streamId) && performance.now() < this.#validUntil
  }

  /** Ends the renewal of these claims. */
  end(claims: readonly ClaimedStream[]): void {
    for (const claim of claims) this.#inHand.delete(claim)
    if (this.#inHand.size === 0) clearInterval(this.#timer)
  }

  /** Releases claims that were not run, so that any worker can claim them after `waitMs`. Never rejects. */
  async giveBack(claims: readonly ClaimedStream[], waitMs = 0): Promise<void> {
    this.end(claims)
    if (claims.length === 0) return
    const { store, logger } = this.#options
    try {
      await store.releaseClaims(claims, waitMs)
    } catch (error) {
      logger.warn({}, `streams wait until their lease runs out: ${messageOf(error)}`)
    }
  }

  async renew(): Promise<void> {
    const { store, leaseMs, outage } = this.#options
    const asked = performance.now()
    try {
      this.#held = await store.renewLeases([...this.#inHand], leaseMs)
      this.#validUntil = asked + leaseMs
      outage.over()
    } catch (error) {
      outage.failed(`leases could not be renewed: ${messageOf(error)}`)
    }
  }
}
