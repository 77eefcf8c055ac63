import { eventText, type MetricEvent } from './metric-event.ts'

/** Most events of a second that are kept; more are dropped. */
const MOST_WAITING = 4096

type Kept = { last: MetricEvent; sum: number; count: number }

/** Makes one event of all that came in a second from a sender about a type of metric. */
export class Aggregator {
  readonly #kept = new Map<string, Kept>()
  #waiting = 0

  add(event: MetricEvent): void {
    if (this.#waiting >= MOST_WAITING) return
    this.#waiting++
    const key = JSON.stringify([event.MetricType, event.Sender])
    const kept = this.#kept.get(key)
    if (kept) Object.assign(kept, { last: event, sum: kept.sum + event.Value, count: kept.count + 1 })
    else this.#kept.set(key, { last: event, sum: event.Value, count: 1 })
  }

  /** Returns the texts of the events of the second that ends, and begins a new one. */
  take(): string[] {
    const texts = [...this.#kept.values()].map(({ last, sum, count }) =>
      eventText({ ...last, Value: valueFor(last, sum, count) }),
    )
    this.#kept.clear()
    this.#waiting = 0
    return texts
  }
}

function valueFor({ Aggregate: aggregate, Value: value }: MetricEvent, sum: number, count: number): number {
  if (aggregate === 'Total') return sum
  return aggregate === 'Average' ? sum / count : value
}
