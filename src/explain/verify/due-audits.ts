import type { Event } from '../../domain/event.ts'
import { MICROS_PER_DAY, MICROS_PER_HOUR, type Micros } from '../../domain/time.ts'
import { timeRangeOf } from '../../domain/trait.ts'
import { wholePeriodOf } from '../../usage/practical/audit-period.ts'
import type { StreamGroup } from './stream-groups.ts'

/**
 * Decides which events should have been covered by an exists by the time the notifications end.
 *
 * An exists is due when another exists of the same trigger covers a whole audit period that ends after the
 * event, or when the time of the stream is over. When there is no exists of a whole period at all, of any
 * trigger, one is due at once: the notifications may be those of a single server.
 */
export class DueAudits {
  readonly #auditedUntil = new Map<string, Micros>()
  #lastTime = Number.NEGATIVE_INFINITY

  constructor(groups: readonly StreamGroup[]) {
    for (const { key, events } of groups) {
      for (const event of events) {
        this.#lastTime = Math.max(this.#lastTime, event.timestamp)
        const end = wholePeriodOf(event)?.end
        const known = this.#auditedUntil.get(key.name) ?? Number.NEGATIVE_INFINITY
        if (end !== undefined) this.#auditedUntil.set(key.name, Math.max(known, end))
      }
    }
  }

  /** Whether an exists should have covered this event. */
  isDue(event: Event, group: StreamGroup): boolean {
    const auditedUntil = this.#auditedUntil.get(group.key.name)
    if (this.#auditedUntil.size === 0) return true
    if (auditedUntil !== undefined && event.timestamp < auditedUntil) return true
    return this.isOver(group, event.timestamp + MICROS_PER_DAY)
  }

  /**
   * Whether the time of a stream is over and its audit has run. `end` is used when its trigger has no time
   * range.
   */
  isOver({ key }: StreamGroup, end = Number.POSITIVE_INFINITY): boolean {
    const range = timeRangeOf(key.traits)
    return this.#lastTime > (range ? range.end + GRACE : end)
  }
}

/** Time after a period within which its audit has run, µs. */
const GRACE = MICROS_PER_HOUR
