import type { Trigger } from './trigger.ts'

/** Reasons that are counted each by itself; further ones count together. */
const MOST_REASONS = 100
const OTHER_REASONS = 'other reasons'

/** `Match`: an event against match_criteria; `Fire`: a stream that an event has joined against fire_criteria. */
export type DebugGroup = 'Match' | 'Fire'
export type DebugChecks = {
  checks: number
  passed: number
  /** how often each reason kept a check from passing, at debug_level 2 */
  reasons: { [reason: string]: number }
}

/** What was counted of one trigger since its start. */
export type DebugCounts = {
  readonly criteria: { [G in DebugGroup]?: DebugChecks }
  /** by the names that StackTach.v3 logs them under, such as `New stream`, `Added events`, `Commit error` */
  readonly counters: { [name: string]: number }
}

export type CountsByTrigger = { [trigger: string]: DebugCounts }

/**
 * Counts what triggers with a debug_level do, under the names of StackTach.v3; of other triggers nothing. What a
 * transaction did that was rolled back and run again is counted again.
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

  /** `mismatch`: why the check did not pass. */
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
