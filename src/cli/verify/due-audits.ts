import type { Event } from '../../domain/event.ts'
import { MICROS_PER_DAY, type Micros } from '../../domain/time.ts'
import { isWholePeriod } from '../../usage/practical/audit-period.ts'
import { auditPeriodOf } from '../../usage/practical/stream-story.ts'
import type { StreamGroup } from './stream-groups.ts'

/**
 * Tells for which events an exists was due when the notifications end. That is so once some exists tells of a whole audit
 * period that ends after them, or once the time of their stream is over. Where no exists of a whole period is among the
 * notifications, one is missed at once: they may be those of one server.
 */
export class DueAudits {
  readonly #auditedUntil: Micros
  readonly #lastTime: Micros

  constructor(groups: readonly StreamGroup[]) {
    let auditedUntil = Number.NEGATIVE_INFINITY
    let lastTime = Number.NEGATIVE_INFINITY
    for (const { events } of groups) {
      for (const event of events) {
        lastTime = Math.max(lastTime, event.timestamp)
        auditedUntil = Math.max(auditedUntil, wholePeriodEnd(event) ?? auditedUntil)
      }
    }
    this.#auditedUntil = auditedUntil
    this.#lastTime = lastTime
  }

  /** Whether an exists should have told of this event. */
  isDue(event: Event, { key }: StreamGroup): boolean {
    if (!Number.isFinite(this.#auditedUntil) || event.timestamp < this.#auditedUntil) return true
    const range = Object.values(key.traits).find((trait) => trait.type === 'timerange')
    return (
      this.#lastTime > (range?.type === 'timerange' ? range.end + GRACE : event.timestamp + MICROS_PER_DAY)
    )
  }
}

/** Within this time after a period its audit has been run. */
const GRACE = MICROS_PER_DAY / 24

function wholePeriodEnd(event: Event): Micros | undefined {
  const period = auditPeriodOf(event)
  return period && event.eventType.endsWith('.exists') && isWholePeriod(event) ? period.end : undefined
}
