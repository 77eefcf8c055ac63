import { parseEvent } from './parse-event.ts'
import { StatsWindow } from './stats-window.ts'

/** Events that a client gets first. */
const KEPT = 500
/** Most types, and senders of a type, that are remembered. */
const MOST_NAMES = 1000

/** Keeps the last events, what they come to second by second, and which senders have spoken of what. */
export class EventFeed {
  readonly window = new StatsWindow()
  readonly #kept: Buffer[] = []
  readonly #seen = new Map<string, Set<string>>()
  readonly #listeners = new Set<(event: Buffer) => void>()

  /** Takes an event as it came, whatever it holds. */
  take(event: Buffer): void {
    this.#kept.push(event)
    if (this.#kept.length > KEPT) this.#kept.shift()
    const parsed = parseEvent(event.toString())
    if (parsed) {
      this.#remember(parsed.metricType, parsed.sender)
      this.window.take(parsed, Date.now() / 1000)
    }
    for (const listener of this.#listeners) listener(event)
  }

  /** Returns the senders of each type of metric. */
  seen(): ReadonlyMap<string, ReadonlySet<string>> {
    return this.#seen
  }

  /** Calls back with the last events, and then with each new one. Returns what ends that. */
  follow(listener: (event: Buffer) => void): () => void {
    for (const event of this.#kept) listener(event)
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #remember(type: string, sender: string): void {
    const senders = this.#seen.get(type)
    if (!senders && this.#seen.size < MOST_NAMES) this.#seen.set(type, new Set([sender]))
    else if (senders && senders.size < MOST_NAMES) senders.add(sender)
  }
}
