import type { Event } from '../../domain/event.ts'
import { MICROS_PER_DAY, MICROS_PER_HOUR, type Micros } from '../../domain/time.ts'
import { timeRangeOf } from '../../domain/trait.ts'
import { wholePeriodOf } from '../../usage/practical/audit-period.ts'
import type { StreamGroup } from './stream-groups.ts'

/**
 * Tells for which events an exists was due when the notifications end. That is so once some exists of the same trigger tells
 * of a whole audit period that ends after them, or once the time of their stream is over. Where no exists of a whole period
 * is among the notifications, of any trigger, one is missed at once: they may be those of one server.
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

  /** Whether an exists should have told of this event. */
  isDue(event: Event, group: StreamGroup): boolean {
    const auditedUntil = this.#auditedUntil.get(group.key.name)
    if (this.#auditedUntil.size === 0) return true
    if (auditedUntil !== undefined && event.timestamp < auditedUntil) return true
    return this.isOver(group, event.timestamp + MICROS_PER_DAY)
  }

  /** Whether the time of a stream is over, and its audit has been run; `end` where its trigger names no range of time. */
  isOver({ key }: StreamGroup, end = Number.POSITIVE_INFINITY): boolean {
    const range = timeRangeOf(key.traits)
    return this.#lastTime > (range ? range.end + GRACE : end)
  }
}

/** Within this time after a period its audit has been run. */
const GRACE = MICROS_PER_HOUR
