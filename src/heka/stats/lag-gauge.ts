import type { MetricEvent } from './metric-event.ts'

const NANOSECONDS = 1_000_000_000n
const THRESHOLD = { Warn: 30, Error: 60 }

/** Keeps how old the latest message was when it was encoded, in whole seconds. It stays while nothing comes. */
export class LagGauge {
  #latest: bigint | undefined
  #encodedS = 0

  /** Notes a message that is being encoded, by its time in ns since 1970. */
  encoded(timestamp: bigint, nowMs = Date.now()): void {
    if (this.#latest === undefined || timestamp > this.#latest) this.#latest = timestamp
    this.#encodedS = Math.floor(nowMs / 1000)
  }

  get seconds(): number {
    if (this.#latest === undefined) return 0
    return Math.max(0, this.#encodedS - Number(this.#latest / NANOSECONDS))
  }

  /** Returns the event of a second. */
  events(nowMs = Date.now()): readonly MetricEvent[] {
    return [
      {
        Timestamp: Math.floor(nowMs / 1000),
        Value: this.seconds,
        Sender: 'http-output',
        SourceIP: '',
        MetricType: 'Lag',
        Threshold: THRESHOLD,
        Aggregate: 'Total',
      },
    ]
  }
}
