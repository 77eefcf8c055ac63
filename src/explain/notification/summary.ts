import { stringifyJson } from '../../text/json.ts'
import {
  type FireFacts,
  type NotificationExplanation,
  OTHER_TYPE,
  type TriggerFacts,
} from './explain-notification.ts'

/** Most reasons, types and criteria that are counted separately; all others are counted as OTHERS. */
const MOST_COUNTED = 1000
const OTHERS = 'others'

/** How often something came, the commonest first. */
export type Counted = { readonly what: string; readonly count: number }

/** What became of the notifications of one event type. */
export type TypeSummary = {
  readonly event_type: string
  readonly count: number
  /** why some became no event */
  readonly errors: readonly Counted[]
}

/** What a trigger made of the events. */
export type TriggerSummary = {
  readonly name: string
  readonly joined: number
  /** number of streams that these events would be in if none expired between them */
  readonly streams: number
  /** why the other events do not match */
  readonly mismatches: readonly Counted[]
  /** number of events that count for each fire criterion, and why others of its type do not */
  readonly fire_criteria: readonly {
    readonly criterion: string
    readonly met: number
    readonly mismatches: readonly Counted[]
  }[]
}

/** What a configuration makes of many notifications. */
export type NotificationsSummary = {
  readonly notifications: number
  readonly events: number
  readonly event_types: readonly TypeSummary[]
  readonly triggers: readonly TriggerSummary[]
}

/** Counts what a configuration makes of notifications. */
export class ExplanationCounts {
  readonly #types = new Map<string, { count: number; errors: Counts }>()
  readonly #triggers = new Map<string, TriggerCounts>()
  #notifications = 0
  #events = 0

  add({ event_type, error, triggers }: NotificationExplanation): void {
    this.#notifications++
    if (error === null) this.#events++
    const type = this.#typeOf(event_type ?? '(no notification)')
    type.count++
    if (error !== null) type.errors.add(error)
    for (const facts of triggers) this.#triggerOf(facts.name).add(facts)
  }

  /** Returns the counts, the commonest types and reasons first, triggers in the order of their file. */
  summary(): NotificationsSummary {
    const types = [...this.#types].sort(([, a], [, b]) => b.count - a.count)
    return {
      notifications: this.#notifications,
      events: this.#events,
      event_types: types.map(([event_type, { count, errors }]) => ({
        event_type,
        count,
        errors: errors.sorted(),
      })),
      triggers: [...this.#triggers].map(([name, counts]) => counts.summary(name)),
    }
  }

  #typeOf(name: string): { count: number; errors: Counts } {
    const key = this.#types.has(name) || this.#types.size < MOST_COUNTED ? name : OTHERS
    const known = this.#types.get(key) ?? { count: 0, errors: new Counts() }
    this.#types.set(key, known)
    return known
  }

  #triggerOf(name: string): TriggerCounts {
    const known = this.#triggers.get(name) ?? new TriggerCounts()
    this.#triggers.set(name, known)
    return known
  }
}

class TriggerCounts {
  readonly #keys = new Set<string>()
  readonly #mismatches = new Counts()
  readonly #criteria = new Map<string, { met: number; mismatches: Counts }>()
  #joined = 0

  add({ match, reason, key, fire_criteria }: TriggerFacts): void {
    if (!match) {
      this.#mismatches.add(reason ?? '')
      return
    }
    this.#joined++
    this.#keys.add(stringifyJson(key))
    for (const facts of fire_criteria) this.#addCriterion(facts)
  }

  #addCriterion({ criterion, met, reason }: FireFacts): void {
    const known = this.#criteria.get(criterion) ?? { met: 0, mismatches: new Counts() }
    this.#criteria.set(criterion, known)
    if (met) known.met++
    else if (reason !== null && reason !== OTHER_TYPE) known.mismatches.add(reason)
  }

  summary(name: string): TriggerSummary {
    return {
      name,
      joined: this.#joined,
      streams: this.#keys.size,
      mismatches: this.#mismatches.sorted(),
      fire_criteria: [...this.#criteria].map(([criterion, { met, mismatches }]) => ({
        criterion,
        met,
        mismatches: mismatches.sorted(),
      })),
    }
  }
}

/** Counts of texts, of a bounded number of them. */
class Counts {
  readonly #counts = new Map<string, number>()

  add(text: string): void {
    const key = this.#counts.has(text) || this.#counts.size < MOST_COUNTED ? text : OTHERS
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1)
  }

  sorted(): Counted[] {
    return [...this.#counts].map(([what, count]) => ({ what, count })).sort((a, b) => b.count - a.count)
  }
}
