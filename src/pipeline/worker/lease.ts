import { messageOf } from '../../domain/errors.ts'
import type { Logger } from '../../runtime/logger.ts'
import type { Outage } from '../../runtime/outage.ts'
import type { ClaimedStream, StreamRuns } from '../../store/ports/stream-runs.ts'

export type LeaseOptions = {
  readonly store: Pick<StreamRuns, 'renewLeases' | 'releaseClaims'>
  readonly leaseMs: number
  /** when the claim was asked for, by performance.now() */
  readonly claimedAt: number
  readonly logger: Logger
  /** of the database */
  readonly outage: Outage
}

/** Keeps the claims of a worker alive while it has them in hand, and knows which are still its own. */
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

  /** Whether a stream may still be run: nobody has taken it over, nor could have by now. */
  holds(streamId: number): boolean {
    return this.#held.has(streamId) && performance.now() < this.#validUntil
  }

  /** These are renewed no more. */
  end(claims: readonly ClaimedStream[]): void {
    for (const claim of claims) this.#inHand.delete(claim)
    if (this.#inHand.size === 0) clearInterval(this.#timer)
  }

  /** Ends with claims that were not run: for another worker, or this one, when the wait is over. Never rejects. */
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
