import { messageOf } from '../domain/errors.ts'
import type { Logger } from '../runtime/logger.ts'
import type { ClaimedStream, Store } from '../store/store.ts'

export type LeaseOptions = {
  readonly store: Store
  readonly leaseMs: number
  /** when the claim was asked for, by performance.now() */
  readonly claimedAt: number
  readonly logger: Logger
}

/** Keeps the claims of a worker alive while their handlers run, and knows which are still its own. */
export class Lease {
  readonly #claims: readonly ClaimedStream[]
  readonly #options: LeaseOptions
  readonly #timer: NodeJS.Timeout
  #held: ReadonlySet<number>
  #validUntil: number

  constructor(claims: readonly ClaimedStream[], options: LeaseOptions) {
    this.#claims = claims
    this.#options = options
    this.#held = new Set(claims.map(({ stream }) => stream.id))
    this.#validUntil = options.claimedAt + options.leaseMs
    this.#timer = setInterval(() => void this.renew(), options.leaseMs / 3)
  }

  /** Whether a stream may still be run: nobody has taken it over, nor could have by now. */
  holds(streamId: number): boolean {
    return this.#held.has(streamId) && performance.now() < this.#validUntil
  }

  end(): void {
    clearInterval(this.#timer)
  }

  async renew(): Promise<void> {
    const { store, leaseMs, logger } = this.#options
    const asked = performance.now()
    try {
      this.#held = await store.renewLeases(this.#claims, leaseMs)
      this.#validUntil = asked + leaseMs
    } catch (error) {
      logger.warn({}, `leases could not be renewed: ${messageOf(error)}`)
    }
  }
}
