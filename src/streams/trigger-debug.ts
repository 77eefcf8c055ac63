import type { Trigger } from './trigger.ts'

/** Largest number of reasons counted separately; all others are counted as OTHER_REASONS. */
const MOST_REASONS = 100
const OTHER_REASONS = 'other reasons'

/**
 * What is checked. `Match`: an event against match_criteria; `Fire`: a stream that an event has joined
 * against fire_criteria.
 */
export type DebugGroup = 'Match' | 'Fire'
export type DebugChecks = {
  checks: number
  passed: number
  /** number of failed checks by reason; only at debug_level 2 */
  reasons: { [reason: string]: number }
}

/** Counts of one trigger since the process started. */
export type DebugCounts = {
  readonly criteria: { [G in DebugGroup]?: DebugChecks }
  /** by the names of StackTach.v3's log, such as `New stream`, `Added events`, `Commit error` */
  readonly counters: { [name: string]: number }
}

export type CountsByTrigger = { [trigger: string]: DebugCounts }

/**
 * Counts what triggers with a debug_level do, under the names of StackTach.v3. Other triggers are not
 * counted. Work of a transaction that is rolled back and run again is counted twice.
 */
export class TriggerDebug {
  readonly #counts: CountsByTrigger
  readonly #levels: ReadonlyMap<string, number>

  constructor(triggers: readonly Trigger[], counts: CountsByTrigger = {}) {
    this.#levels = new Map(
      triggers.filter(({ debugLevel }) => debugLevel > 0).map(({ name, debugLevel }) => [name, debugLevel]),
    )
    this.#counts = counts
  }

  isOn(trigger: string): boolean {
    return this.#levels.has(trigger)
  }

  /** Counts a check. `mismatch` is the reason why it failed; undefined when it passed. */
  check(trigger: string, group: DebugGroup, mismatch?: string): void {
    const level = this.#levels.get(trigger)
    if (level === undefined) return
    const { criteria } = this.#of(trigger)
    criteria[group] ??= { checks: 0, passed: 0, reasons: Object.create(null) }
    const checks = criteria[group]
    checks.checks++
    if (mismatch === undefined) checks.passed++
    else if (level > 1) bumpReason(checks.reasons, mismatch)
  }

  bump(trigger: string, counter: string): void {
    if (!this.isOn(trigger)) return
    const { counters } = this.#of(trigger)
    counters[counter] = (counters[counter] ?? 0) + 1
  }

  #of(trigger: string): DebugCounts {
    this.#counts[trigger] ??= { criteria: {}, counters: Object.create(null) }
    return this.#counts[trigger]
  }
}

function bumpReason(reasons: DebugChecks['reasons'], reason: string): void {
  const isRoom = Object.hasOwn(reasons, reason) || Object.keys(reasons).length < MOST_REASONS
  const name = isRoom ? reason : OTHER_REASONS
  reasons[name] = (reasons[name] ?? 0) + 1
}
