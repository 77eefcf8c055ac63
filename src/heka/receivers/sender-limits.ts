/** How many messages of one address may come at once, as a part of its rate. */
const BURST_S = 1

type Bucket = { tokens: number; at: number; connections: number }

export type SenderRates = {
  /** most connections of one address, 0: no limit */
  readonly mostConnections: number
  /** most messages a second of one address, 0: no limit */
  readonly mostPerSecond: number
}

/** Counts connections and messages by the address of their sender. */
export class SenderLimits {
  readonly #rates: SenderRates
  readonly #buckets = new Map<string, Bucket>()

  constructor(rates: SenderRates) {
    this.#rates = rates
  }

  /** Counts a connection. Returns whether it is allowed. */
  opened(address: string, now: number): boolean {
    const { mostConnections, mostPerSecond } = this.#rates
    const bucket = this.#buckets.get(address) ?? { tokens: mostPerSecond * BURST_S, at: now, connections: 0 }
    if (mostConnections > 0 && bucket.connections >= mostConnections) return false
    bucket.connections++
    this.#buckets.set(address, bucket)
    return true
  }

  closed(address: string): void {
    const bucket = this.#buckets.get(address)
    if (bucket && --bucket.connections <= 0) this.#buckets.delete(address)
  }

  /** Counts messages. Returns how long their sender has to wait, ms. */
  took(address: string, count: number, now: number): number {
    const { mostPerSecond } = this.#rates
    const bucket = this.#buckets.get(address)
    if (mostPerSecond === 0 || !bucket) return 0
    const full = mostPerSecond * BURST_S
    bucket.tokens = Math.min(full, bucket.tokens + ((now - bucket.at) / 1000) * mostPerSecond) - count
    bucket.at = now
    return bucket.tokens >= 0 ? 0 : Math.ceil((-bucket.tokens / mostPerSecond) * 1000)
  }
}
