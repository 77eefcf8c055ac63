import type { Config } from '../../config/load/config.ts'
import { decodeNotificationText } from '../../distiller/decode-notification.ts'
import type { EventDefinition } from '../../distiller/definition.ts'
import { createDistiller, type Distiller } from '../../distiller/distiller.ts'
import type { Position } from '../../domain/errors.ts'
import type { Event } from '../../domain/event.ts'
import type { JsonValue, Notification } from '../../domain/notification.ts'
import { type DistinguishingTraits, timeRangeOf } from '../../domain/trait.ts'
import type { Criterion } from '../../streams/criterion.ts'
import { matchTrigger } from '../../streams/match.ts'
import type { Trigger } from '../../streams/trigger.ts'
import { wholePeriodOf } from '../../usage/practical/audit-period.ts'
import type { Period } from '../../usage/practical/stream-story.ts'
import { hasId, idFields } from './resource-ids.ts'

/** A count of equal cases, and the position of the first of them. */
export type Count = { count: number; readonly first: Position }

/** The use that notifications made of one event definition. */
export type DefinitionUse = {
  taken: number
  /** event types that match this definition but were taken by a later one */
  readonly lost: Set<string>
  readonly types: Set<string>
  readonly filled: Set<string>
}

export type TriggerUse = {
  matched: number
  /** number of events of its types that did not match, by reason */
  readonly reasons: Map<string, number>
}

/**
 * Events of one type without any of the ids that their payloads have; `fields` holds the paths of those ids.
 */
export type Nameless = Count & { readonly fields: Set<string> }

/**
 * Exists events whose audit period is not within the time range of their stream. `period` and `range` are
 * those of the first.
 */
export type PeriodMisfit = {
  count: number
  readonly type: string
  readonly trigger: string
  readonly period: Period
  readonly range: Period
}

/**
 * Collects, notification by notification, what a configuration makes of them. `findingsOf` turns the result
 * into findings.
 *
 * @example
 * const observation = new Observation(config)
 * observation.add(line, { file: 'day.jsonl', line: 1, column: 1 })
 * const findings = findingsOf(config, observation)
 */
export class Observation {
  notifications = 0
  readonly unreadable: { readonly position: Position; readonly reason: string }[] = []
  /** keyed by event type */
  readonly unknown = new Map<string, Count>()
  /** keyed by event type and reason */
  readonly refused = new Map<
    string,
    Count & { readonly definition: EventDefinition; readonly reason: string }
  >()
  /** one entry per definition, in the order of the configuration */
  readonly definitions: readonly DefinitionUse[]
  readonly triggers = new Map<string, TriggerUse>()
  /** keyed by event type */
  readonly withId = new Map<string, number>()
  readonly nameless = new Map<string, Nameless>()
  /** keyed by trigger and event type */
  readonly misfits = new Map<string, PeriodMisfit>()
  readonly #config: Config
  readonly #distiller: Distiller
  readonly #types = new Map<string, TypeFacts>()

  constructor(config: Config) {
    this.#config = config
    this.#distiller = createDistiller(config.definitions, { catchAll: false })
    this.definitions = config.definitions.map(() => ({
      taken: 0,
      lost: new Set(),
      types: new Set(),
      filled: new Set(),
    }))
    for (const { name } of config.triggers) this.triggers.set(name, { matched: 0, reasons: new Map() })
  }

  /** Adds a notification: one JSON text, and its position in the file. */
  add(line: string, position: Position): void {
    const decoded = decodeNotificationText(line)
    if (!decoded.ok) {
      this.unreadable.push({ position, reason: decoded.reason })
      return
    }
    this.notifications++
    const { notification } = decoded
    const facts = this.#factsOf(notification.event_type)
    const { definition } = facts
    if (!definition) {
      countIn(this.unknown, notification.event_type, () => ({ count: 0, first: position }))
      return
    }
    this.#take(notification, definition, facts, position)
  }

  #take(
    notification: Notification,
    definition: EventDefinition,
    { criteria }: TypeFacts,
    position: Position,
  ): void {
    const use = this.definitions[definition.index] as DefinitionUse
    use.taken++
    use.types.add(notification.event_type)
    const distilled = this.#distiller.distil(notification, 0)
    if (distilled.kind !== 'event') {
      const reason = distilled.kind === 'failed' ? distilled.reason : 'no definition matches'
      countIn(this.refused, `${notification.event_type} ${reason}`, () => ({
        count: 0,
        first: position,
        definition,
        reason,
      }))
      return
    }
    const { event } = distilled
    for (const name of Object.keys(event.traits)) use.filled.add(name)
    this.#watchId(event, notification.payload, position)
    for (const [trigger, accepting] of criteria) this.#match(trigger, accepting, event)
  }

  #watchId(event: Event, payload: JsonValue | undefined, first: Position): void {
    const ids = idFields(payload)
    if (ids.length === 0) return
    const { eventType: type } = event
    if (hasId(event, ids)) {
      this.withId.set(type, (this.withId.get(type) ?? 0) + 1)
      return
    }
    const nameless = countIn(this.nameless, type, () => ({ count: 0, first, fields: new Set<string>() }))
    for (const { path } of ids) nameless.fields.add(path)
  }

  #match(trigger: Trigger, criteria: readonly Criterion[], event: Event): void {
    const use = this.triggers.get(trigger.name) as TriggerUse
    const result = matchTrigger(trigger, criteria, event)
    if (result.match) {
      use.matched++
      this.#watchPeriod(trigger, result.key.traits, event)
    } else use.reasons.set(result.reason, (use.reasons.get(result.reason) ?? 0) + 1)
  }

  /**
   * Records an exists of a whole audit period whose stream does not span that period. Its stream must hold
   * all events of the period.
   */
  #watchPeriod({ name }: Trigger, key: DistinguishingTraits, event: Event): void {
    const range = timeRangeOf(key)
    const period = wholePeriodOf(event)
    if (!range || !period) return
    if (period.begin >= range.begin && period.end <= range.end) return
    const { eventType: type } = event
    countIn(this.misfits, `${name} ${type}`, () => ({ count: 0, type, trigger: name, period, range }))
  }

  #factsOf(type: string): TypeFacts {
    const known = this.#types.get(type)
    if (known) return known
    const definition = this.#distiller.definitionOf(type)
    for (const { index, accepts } of this.#config.definitions) {
      if (index !== definition?.index && accepts(type)) this.definitions[index]?.lost.add(type)
    }
    const criteria = this.#config.triggers.flatMap((trigger) => {
      const accepting = trigger.matchCriteria.filter(({ acceptsType }) => acceptsType(type))
      return accepting.length > 0 ? [[trigger, accepting] as const] : []
    })
    const facts = { definition, criteria }
    this.#types.set(type, facts)
    return facts
  }
}

type TypeFacts = {
  readonly definition: EventDefinition | undefined
  /** triggers that may match the type, each with those of its criteria that accept it */
  readonly criteria: readonly (readonly [Trigger, readonly Criterion[]])[]
}

/** Returns the entry of a key with its count raised by one. Creates the entry when there is none. */
function countIn<T extends { count: number }>(counts: Map<string, T>, key: string, make: () => T): T {
  const entry = counts.get(key) ?? make()
  counts.set(key, entry)
  entry.count++
  return entry
}
