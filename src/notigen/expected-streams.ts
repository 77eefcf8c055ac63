import { formatIso, MICROS_PER_DAY, MICROS_PER_MINUTE, type Micros } from '../domain/time.ts'
import { expectedUsage, type UsageResult } from './expected-usage.ts'
import type { Fact } from './fact.ts'
import { EXISTS } from './operations/operation.ts'

/** A stream of the shipped trigger `instance_day` that a run must lead to. */
export type ExpectedStream = {
  readonly instanceId: string
  /** such as 2026-01-01 */
  readonly day: string
  readonly events: number
  /** it expires where no end-of-day exists came */
  readonly ends: 'fires' | 'expires'
  readonly usage: readonly UsageResult[]
}

/** fire_delay of the shipped trigger */
const FIRE_DELAY = MICROS_PER_MINUTE

type OpenStream = { readonly facts: Fact[]; firesAt: Micros | undefined }

/**
 * Puts what was sent into streams by the rules of the shipped trigger: one for each instance and day, an exists of
 * a whole day in that day; it fires a minute after that exists came in. What comes later begins another.
 */
export class ExpectedStreams {
  readonly #byKey = new Map<string, OpenStream[]>()

  /** Takes what comes in at a time; in order of these times, and each message once. */
  add(fact: Fact, arrivedAt: Micros): void {
    const isWholeDay = endsDay(fact)
    const day = Math.floor((isWholeDay && fact.audit ? fact.audit.begin : fact.at) / MICROS_PER_DAY)
    const stream = this.#open(`${fact.instanceId} ${day}`, arrivedAt)
    stream.facts.push(fact)
    if (isWholeDay) stream.firesAt ??= arrivedAt + FIRE_DELAY
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

  /** In the order in which they began. */
  *streams(): Generator<ExpectedStream> {
    for (const [key, streams] of this.#byKey) {
      const [instanceId = '', day] = key.split(' ')
      for (const { facts, firesAt } of streams) {
        facts.sort((a, b) => a.at - b.at)
        yield {
          instanceId,
          day: formatIso(Number(day) * MICROS_PER_DAY).slice(0, 10),
          events: facts.length,
          ends: firesAt === undefined ? 'expires' : 'fires',
          usage: expectedUsage(facts),
        }
      }
    }
  }
}

function endsDay({ eventType, audit }: Fact): boolean {
  if (eventType !== EXISTS || !audit) return false
  return audit.begin % MICROS_PER_DAY === 0 && audit.end === audit.begin + MICROS_PER_DAY
}
