import type { Event } from '../domain/event.ts'
import type { StreamKey } from '../domain/routing.ts'
import { createStreamKeyHash } from '../domain/stream-key.ts'
import { instantFromMoment, type Moment, microsFromInstant, momentFromInstant } from '../domain/time.ts'
import type { DistinguishingTrait } from '../domain/trait.ts'
import { evaluateTimex } from '../timex/evaluate.ts'
import type { Expression } from '../timex/expression.ts'
import { TimexError } from '../timex/timex-error.ts'
import type { Criterion } from './criterion.ts'
import { traitOf } from './event-values.ts'
import type { Distinguisher, Trigger } from './trigger.ts'

/** The stream of a trigger that an event belongs to, or the reason why it belongs to none. */
export type MatchResult =
  | { readonly match: true; readonly key: StreamKey }
  | {
      readonly match: false
      readonly reason: string
      /** whether a criterion is met, but the event lacks what would identify its stream */
      readonly isMisplaced: boolean
    }

/**
 * Matches an event against a trigger. `criteria` are the entries of its match_criteria that accept the
 * event's type.
 */
export function matchTrigger(trigger: Trigger, criteria: readonly Criterion[], event: Event): MatchResult {
  if (criteria.length === 0) return no(`event type ${event.eventType} is not in match_criteria`)
  const absent = trigger.distinguishedBy.find(({ trait }) => traitOf(event, trait) === undefined)
  if (absent) return no(`distinguishing trait ${absent.trait} is missing`)
  const reasons: string[] = []
  for (const criterion of criteria) {
    const reason = criterion.mismatch(event)
    if (reason === undefined) return keyOf(trigger, criterion, event)
    reasons.push(reason)
  }
  return no(reasons.join('; '))
}

function no(reason: string, isMisplaced = false): MatchResult {
  return { match: false, reason, isMisplaced }
}

function keyOf(trigger: Trigger, criterion: Criterion, event: Event): MatchResult {
  const traits: { [name: string]: DistinguishingTrait } = {}
  for (const distinguisher of trigger.distinguishedBy) {
    const { trait } = distinguisher
    const source = criterion.mapDistinguishedBy[trait] ?? trait
    const value = distinguishingTrait(distinguisher, source, event)
    if (typeof value === 'string') return no(value, true)
    traits[trait] = value
  }
  const hash = createStreamKeyHash(trigger.name, traits)
  return { match: true, key: { name: trigger.name, traits, hash } }
}

/** Returns the value of a distinguishing trait, or the reason why there is none. */
function distinguishingTrait(
  { trait, expression }: Distinguisher,
  source: string,
  event: Event,
): DistinguishingTrait | string {
  const value = traitOf(event, source)
  if (value === undefined) return `trait ${source}, mapped to ${trait}, is missing`
  if (!expression) return value
  if (value.type !== 'datetime') return `trait ${source} is of type ${value.type}, not datetime`
  return evaluateTrait(expression, value)
}

function evaluateTrait(expression: Expression, time: Moment): DistinguishingTrait | string {
  try {
    const value = evaluateTimex(expression, { timestamp: time.rest ? instantFromMoment(time) : time.value })
    return value.kind === 'timestamp'
      ? { type: 'datetime', ...momentFromInstant(value.at) }
      : { type: 'timerange', begin: microsFromInstant(value.begin), end: microsFromInstant(value.end) }
  } catch (error) {
    if (error instanceof TimexError) return error.message
    throw error
  }
}
