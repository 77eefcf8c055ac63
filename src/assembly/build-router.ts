import type { TallyBook } from '../domain/tally.ts'
import type { Logger } from '../runtime/logger.ts'
import { createRouter, type JoinedStream, type TriggerRouter } from '../streams/router.ts'
import type { Trigger } from '../streams/trigger.ts'
import type { TriggerDebug } from '../streams/trigger-debug.ts'
import { flowYaml } from '../text/flow-yaml.ts'
import { maskSecrets } from '../text/mask-secrets.ts'

/** Most distinct reasons that are logged, once each; further ones are only counted. */
const MOST_REASONS = 100

/**
 * Builds a router that logs events which match a trigger but can join no stream of it. For triggers with a
 * debug_level it logs which stream each event joins; at level 2 also what the stream lacks, and why other
 * events do not match.
 */
export function buildRouter(
  triggers: readonly Trigger[],
  logger: Logger,
  counters: { misplaced: number },
  debug?: TriggerDebug,
  closesDue = false,
  tally?: TallyBook,
): TriggerRouter {
  const told = new Set<string>()
  return createRouter(triggers, {
    ...(debug && { debug }),
    closesDue,
    ...(tally && { tally }),
    onMisplaced(trigger, reason) {
      counters.misplaced++
      tally?.add('misplaced', trigger, reason)
      const line = `an event matches trigger ${trigger} but can join no stream: ${reason}`
      if (told.has(line) || told.size >= MOST_REASONS) return
      told.add(line)
      logger.warn({ trigger }, line)
    },
    onMismatch(trigger, { messageId, eventType }, reason) {
      logger.info(
        { trigger, message_id: messageId, event_type: eventType },
        `${eventType} does not match: ${maskSecrets(reason)}`,
      )
    },
    onJoined(trigger, { messageId, eventType }, joined) {
      logger.info(
        { trigger, message_id: messageId, event_type: eventType, stream: joined.id },
        `${eventType} joins stream ${joined.id}${whatIsMissing(joined)}`,
      )
    },
  })
}

function whatIsMissing({ missing }: JoinedStream): string {
  if (missing.length === 0) return ''
  const counts = missing.map(
    ({ criterion: { written, number }, seen }) => `${seen} of ${number} {${flowYaml(written)}}`,
  )
  return `, which is not ready: ${maskSecrets(counts.join(', '))}`
}
