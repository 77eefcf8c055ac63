import type { Config } from '../../config/load/config.ts'
import type { EventDefinition, TraitDefinition } from '../../distiller/definition.ts'
import type { Distiller } from '../../distiller/distiller.ts'
import { extractTrait, fieldOf } from '../../distiller/extract-trait.ts'
import { InvalidError } from '../../domain/errors.ts'
import type { Event } from '../../domain/event.ts'
import type { Notification } from '../../domain/notification.ts'
import type { Micros } from '../../domain/time.ts'
import type { Trait } from '../../domain/trait.ts'
import { type RestValue, restTraits } from '../../formats/rest-form.ts'
import { type TypedTrait, typedTrait } from '../../formats/typed-form.ts'
import { matchTrigger } from '../../streams/match.ts'
import { expiry } from '../../streams/router.ts'
import type { FireCriterion, Trigger } from '../../streams/trigger.ts'
import type { EventTypePatterns } from '../../text/event-type-filter.ts'
import { flowYaml } from '../../text/flow-yaml.ts'
import { maskSecrets, maskValue, maskValues } from '../../text/mask-secrets.ts'

/** Where an event definition stands, and for which types it is. */
export type DefinitionFacts = {
  readonly index: number
  readonly event_type: EventTypePatterns
  /** file of the definition; null for the catch-all definition */
  readonly file: string | null
  readonly line: number | null
}

/** What a trigger makes of an event, and why. */
export type TriggerFacts = {
  readonly name: string
  readonly match: boolean
  readonly reason: string | null
  readonly key: { readonly [trait: string]: RestValue } | null
  /** the fire criteria, where the event joins a stream; else none */
  readonly fire_criteria: readonly FireFacts[]
}

/** Whether an event counts for a fire criterion, and why not. */
export type FireFacts = { readonly criterion: string; readonly met: boolean; readonly reason: string | null }

/** What a configuration makes of a notification, and why. */
export type NotificationExplanation = {
  readonly message_id: string | null
  readonly event_type: string | null
  /** reason why the notification does not become an event */
  readonly error: string | null
  readonly definition: DefinitionFacts | null
  /** definitions that match the type too, but stand before the chosen one */
  readonly passed_over: readonly DefinitionFacts[]
  readonly traits: { readonly [name: string]: TypedTrait & { readonly field: string | null } }
  readonly triggers: readonly TriggerFacts[]
}

/** Why an event does not count for a criterion about other event types. */
export const OTHER_TYPE = 'its event type is another one'

const NOTHING = { definition: null, passed_over: [], traits: {}, triggers: [] }

/** What explains a notification: a configuration, its distiller, and the time of arrival. */
export type Explaining = { readonly config: Config; readonly distiller: Distiller; readonly received: Micros }

/**
 * Explains what a configuration makes of a notification: definition, traits, and each trigger.
 *
 * @example
 * const { triggers } = explainNotification(notification, { config, distiller, received: wallClock.now() })
 */
export function explainNotification(
  notification: Notification,
  { config, distiller, received }: Explaining,
): NotificationExplanation {
  const { message_id, event_type } = notification
  const definition = distiller.definitionOf(event_type)
  if (!definition) {
    return { message_id, event_type, error: 'no event definition matches this event type', ...NOTHING }
  }
  const passedOver = config.definitions.filter((other) => other !== definition && other.accepts(event_type))
  const distilled = distiller.distil(notification, received)
  const event = distilled.kind === 'event' ? distilled.event : undefined
  return {
    message_id,
    event_type,
    error: distilled.kind === 'failed' ? maskSecrets(`distill: ${distilled.reason}`) : null,
    definition: factsOf(definition, config),
    passed_over: passedOver.map((other) => factsOf(other, config)),
    traits: traitFacts(definition, notification),
    triggers: event ? config.triggers.map((trigger) => triggerFacts(trigger, event, received)) : [],
  }
}

/** Explains a message that is no notification. */
export function explainBroken(reason: string): NotificationExplanation {
  return { message_id: null, event_type: null, error: maskSecrets(reason), ...NOTHING }
}

function factsOf({ index, patterns }: EventDefinition, { places }: Config): DefinitionFacts {
  const { file, line } = index < 0 ? { file: null, line: null } : places.definition([index])
  return { index, event_type: patterns, file, line }
}

/** Returns the traits that can be extracted, even when others fail. */
function traitFacts(
  definition: EventDefinition,
  notification: Notification,
): NotificationExplanation['traits'] {
  return Object.fromEntries(
    definition.traits.flatMap((trait) => {
      const value = extractOrNothing(trait, notification)
      if (!value) return []
      const field = fieldOf(trait, notification) ?? null
      return [[trait.name, { ...shownTrait(trait.name, value, field), field }]]
    }),
  )
}

/** Returns a trait without secrets: it may have them by its own name or by that of its field. */
function shownTrait(name: string, value: Trait, field: string | null): TypedTrait {
  const typed = typedTrait(value)
  if (!('value' in typed)) return typed
  const shown = maskValue(name, maskValue(field ?? '', typed.value))
  return shown === typed.value ? typed : { type: 'text', value: String(shown) }
}

function extractOrNothing(trait: TraitDefinition, notification: Notification): Trait | undefined {
  try {
    return extractTrait(trait, notification)
  } catch (error) {
    if (error instanceof InvalidError) return undefined
    throw error
  }
}

function triggerFacts(trigger: Trigger, event: Event, received: Micros): TriggerFacts {
  const criteria = trigger.matchCriteria.filter(({ acceptsType }) => acceptsType(event.eventType))
  const matched = matchTrigger(trigger, criteria, event)
  const expires = matched.match ? expiry(trigger, event.timestamp, event.timestamp, received) : 0
  const result =
    typeof expires === 'string'
      ? ({ match: false, reason: `it can join no stream: ${expires}` } as const)
      : matched
  return {
    name: trigger.name,
    match: result.match,
    reason: result.match ? null : maskSecrets(result.reason),
    key: result.match ? maskValues(restTraits(result.key.traits)) : null,
    fire_criteria: result.match ? trigger.fireCriteria.map((criterion) => fireFacts(criterion, event)) : [],
  }
}

function fireFacts({ criterion, written }: FireCriterion, event: Event): FireFacts {
  const reason = criterion.acceptsType(event.eventType) ? criterion.mismatch(event) : OTHER_TYPE
  return {
    criterion: flowYaml(written),
    met: reason === undefined,
    reason: reason === undefined ? null : maskSecrets(reason),
  }
}
