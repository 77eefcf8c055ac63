import type { Logger } from '../runtime/logger.ts'
import { createRouter, type TriggerRouter } from '../streams/router.ts'
import type { Trigger } from '../streams/trigger.ts'
import type { TriggerDebug } from '../streams/trigger-debug.ts'

/** Most distinct reasons that are logged, once each; further ones are only counted. */
const MOST_REASONS = 100

/**
 * Builds a router that logs events which match a trigger but can join no stream of it, and each event that a
 * trigger with a debug_level checks.
 */
export function buildRouter(
  triggers: readonly Trigger[],
  logger: Logger,
  counters: { misplaced: number },
  debug?: TriggerDebug,
  closesDue = false,
): TriggerRouter {
  const told = new Set<string>()
  return createRouter(triggers, {
    ...(debug && { debug }),
    closesDue,
    onMisplaced(trigger, reason) {
      counters.misplaced++
      const line = `an event matches trigger ${trigger} but can join no stream: ${reason}`
      if (told.has(line) || told.size >= MOST_REASONS) return
      told.add(line)
      logger.warn({ trigger }, line)
    },
    onLookedAt(trigger, { messageId, eventType }, result) {
      const outcome = result.match ? `joins stream ${result.key.hash}` : `does not match: ${result.reason}`
      logger.info({ trigger, message_id: messageId, event_type: eventType }, `${eventType} ${outcome}`)
    },
  })
}
