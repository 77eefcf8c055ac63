import { formatIso, MICROS_PER_MINUTE, type Micros } from '../../domain/time.ts'
import { type AuditPeriod, isWholePeriod } from '../calendar/audit.ts'
import { beginOfDay, endOfDay } from '../calendar/day.ts'
import { isCleanUp } from '../instance/chapter.ts'
import { EXISTS } from '../operations/operation.ts'
import { expectedPracticalUsage } from './expected-practical-usage.ts'
import { expectedUsage } from './expected-usage.ts'
import type { Fact } from './fact.ts'
import type { UsageResult, UsageRules } from './usage-result.ts'

/** A stream of the shipped triggers `instance_day` or `versioned_instance_day` that a run must produce. */
export type ExpectedStream = {
  readonly instanceId: string
  /** date on which its day begins, such as 2026-01-01 */
  readonly day: string
  readonly events: number
  /** `expires` where no end-of-day exists came */
  readonly ends: 'fires' | 'expires'
  readonly usage: readonly UsageResult[]
}

/** fire_delay of the shipped triggers, µs */
const FIRE_DELAY = MICROS_PER_MINUTE

type OpenStream = { readonly facts: Fact[]; firesAt: Micros | undefined }
type Arrival = { readonly fact: Fact; readonly at: Micros }

/**
 * Groups sent messages into streams by the rules of the shipped triggers.
 *
 * There is one stream for each instance and day. An exists of a whole audit period belongs to the day of that
 * period, a clean-up to the day of the deletion. A stream fires a minute after the arrival of the exists that
 * ends its day; later messages begin another stream.
 */
export class ExpectedStreams {
  readonly #byKey = new Map<string, OpenStream[]>()
  /** arrived facts by instance id */
  readonly #arrived = new Map<string, Arrival[]>()
  readonly #dayBegins: Micros

  /** `dayBegins` is the offset of days from midnight, µs, as STACKTACH_DAY_BEGINS. */
  constructor(dayBegins: Micros) {
    this.#dayBegins = dayBegins
  }

  /** Adds a fact that arrives at a time. Facts must be added in order of arrival, and each message once. */
  add(fact: Fact, arrivedAt: Micros): void {
    const audited = wholePeriodOf(fact)
    const day = beginOfDay(audited?.begin ?? momentOf(fact), this.#dayBegins)
    const stream = this.#open(`${fact.instanceId} ${day}`, arrivedAt)
    stream.facts.push(fact)
    const arrived = this.#arrived.get(fact.instanceId) ?? []
    arrived.push({ fact, at: arrivedAt })
    this.#arrived.set(fact.instanceId, arrived)
    if (audited?.end === endOfDay(day, this.#dayBegins)) stream.firesAt ??= arrivedAt + FIRE_DELAY
  }

  #open(key: string, now: Micros): OpenStream {
    const streams = this.#byKey.get(key) ?? []
    this.#byKey.set(key, streams)
    const last = streams.at(-1)
    if (last && (last.firesAt === undefined || now < last.firesAt)) return last
    const stream = { facts: [], firesAt: undefined }
    streams.push(stream)
    return stream
  }

  /**
   * Returns the facts that other streams of the instance have when this one is run: later ones may explain
   * its faults.
   */
  #others(instanceId: string, facts: readonly Fact[], firesAt: Micros | undefined): readonly Fact[] {
    const own = new Set(facts)
    const arrived = this.#arrived.get(instanceId) ?? []
    return arrived.flatMap(({ fact, at }) =>
      own.has(fact) || (firesAt !== undefined && at > firesAt) ? [] : fact,
    )
  }

  /** Yields the streams, grouped by instance and day in the order of their first arrival. */
  *streams(rules: UsageRules): Generator<ExpectedStream> {
    for (const [key, streams] of this.#byKey) {
      const [instanceId = '', day] = key.split(' ')
      for (const { facts, firesAt } of streams) {
        facts.sort((a, b) => a.at - b.at)
        yield {
          instanceId,
          day: formatIso(Number(day)).slice(0, 10),
          events: facts.length,
          ends: firesAt === undefined ? 'expires' : 'fires',
          usage:
            rules === 'practical'
              ? expectedPracticalUsage(facts, Number(day), this.#others(instanceId, facts, firesAt))
              : expectedUsage(facts),
        }
      }
    }
  }
}

/** Returns the audit period of an exists of a whole period; undefined otherwise. */
function wholePeriodOf({ eventType, audit }: Fact): AuditPeriod | undefined {
  return eventType === EXISTS && audit && isWholePeriod(audit) ? audit : undefined
}

function momentOf(fact: Fact): Micros {
  return (isCleanUp(fact) ? fact.deletedAt : undefined) ?? fact.at
}
