import type { ConsumerCounters } from '../consumer/counters.ts'
import type { Logger } from '../runtime/logger.ts'
import { createRouter, type TriggerRouter } from '../streams/router.ts'
import type { Trigger } from '../streams/trigger.ts'

/** Reasons that are told once each; further ones only count. */
const MOST_REASONS = 100

/** What events came to that a trigger with a debug_level looked at; mismatches count at level 2. */
type TriggerCounters = ConsumerCounters['triggers']

/**
 * A router that tells of events which meet a trigger's criteria and yet can join no stream of it, and of all that
 * triggers with a debug_level look at.
 */
export function buildRouter(
  triggers: readonly Trigger[],
  logger: Logger,
  counters: { misplaced: number; triggers?: TriggerCounters },
): TriggerRouter {
  const told = new Set<string>()
  const debugged = new Set(triggers.filter(({ debugLevel }) => debugLevel > 0).map(({ name }) => name))
  const byTrigger = counters.triggers ?? {}
  const countersOf = (trigger: string) => {
    byTrigger[trigger] ??= { matched: 0, mismatched: 0, misplaced: 0 }
    return byTrigger[trigger]
  }
  return createRouter(triggers, {
    onMisplaced(trigger, reason) {
      counters.misplaced++
      if (debugged.has(trigger)) countersOf(trigger).misplaced++
      const line = `an event matches trigger ${trigger} but can join no stream: ${reason}`
      if (told.has(line) || told.size >= MOST_REASONS) return
      told.add(line)
      logger.warn({ trigger }, line)
    },
    onLookedAt(trigger, { messageId, eventType }, result) {
      countersOf(trigger)[result.match ? 'matched' : 'mismatched']++
      const outcome = result.match ? `joins stream ${result.key.hash}` : `does not match: ${result.reason}`
      logger.info({ trigger, message_id: messageId, event_type: eventType }, `${eventType} ${outcome}`)
    },
  })
}
