import type { HekaStatistics, ValuesBySender } from '../../formats/heka-form.ts'
import type { ParsedEvent } from './parse-event.ts'

/** Seconds that are shown. */
const SHOWN_S = 60
/** Seconds that are held back, so that senders that are late join their second. */
const HELD_BACK_S = 2
/** Most senders that are remembered; the one that was silent for longest gives way. */
const MOST_SENDERS = 500

type Series = Map<string, Map<number, number>>
type Sender = HekaStatistics['senders'][number]

/** What becomes of the values of several processes of one name in one second. */
const JOINED: { readonly [metricType: string]: (one: number, other: number) => number } = {
  Throughput: (one, other) => one + other,
  BatchCount: (one, other) => one + other,
  Lag: Math.max,
}

/** Keeps throughput, lag and batches of the last minute, second by second, and when each sender was last heard. */
export class StatsWindow {
  readonly #series = new Map<string, Series>(Object.keys(JOINED).map((type) => [type, new Map()]))
  readonly #senders = new Map<string, Sender>()
  #threshold: ParsedEvent['threshold']

  /** Takes an event that came at a time, in seconds since 1970. */
  take({ metricType, sender, source, timestamp, value, threshold }: ParsedEvent, now: number): void {
    this.#hear({ sender, source, last_seen: Math.floor(now) })
    const [series, join] = [this.#series.get(metricType), JOINED[metricType]]
    if (!series || !join || !this.#isNear(timestamp, now)) return
    if (metricType === 'Lag' && threshold) this.#threshold = threshold
    const known = series.get(sender)
    if (!known && series.size >= MOST_SENDERS) return
    const values = known ?? new Map<number, number>()
    if (!known) series.set(sender, values)
    const before = values.get(timestamp)
    values.set(timestamp, before === undefined ? value : join(before, value))
    for (const second of values.keys()) if (!this.#isNear(second, now)) values.delete(second)
  }

  /** Returns what came in the minute before a time, in seconds since 1970. */
  read(now: number): HekaStatistics {
    const end = Math.floor(now) - HELD_BACK_S
    const at = Array.from({ length: SHOWN_S }, (_, index) => end - SHOWN_S + 1 + index)
    return {
      at,
      throughput: this.#columns('Throughput', at),
      lag: this.#columns('Lag', at),
      lag_threshold: this.#threshold ?? null,
      batches: this.#columns('BatchCount', at),
      senders: [...this.#senders.values()].sort((one, other) => other.last_seen - one.last_seen),
    }
  }

  /** Whether a second is shown, or will be. The clocks of senders may differ by as much. */
  #isNear(second: number, now: number): boolean {
    return Math.abs(now - second) <= SHOWN_S + HELD_BACK_S
  }

  #hear(heard: Sender): void {
    const key = JSON.stringify([heard.sender, heard.source])
    // The map has the one that was silent for longest first.
    this.#senders.delete(key)
    this.#senders.set(key, heard)
    if (this.#senders.size <= MOST_SENDERS) return
    const [longest = ''] = this.#senders.keys()
    this.#senders.delete(longest)
  }

  /** Returns the values of each sender of a type; forgets senders that were silent for all of the time. */
  #columns(type: string, at: readonly number[]): ValuesBySender {
    const series = this.#series.get(type) ?? new Map()
    const columns = Object.create(null) as { [sender: string]: (number | null)[] }
    for (const [sender, values] of [...series].sort(([one], [other]) => (one < other ? -1 : 1))) {
      const column = at.map((second) => values.get(second) ?? null)
      if (column.some((value) => value !== null)) columns[sender] = column
      else if ([...values.keys()].every((second) => second < (at[0] ?? 0))) series.delete(sender)
    }
    return columns
  }
}
