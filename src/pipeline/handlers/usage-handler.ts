import type { Event } from '../../domain/event.ts'
import type { Micros } from '../../domain/time.ts'
import type { Trait, Traits } from '../../domain/trait.ts'
import { uuid5 } from '../../domain/uuid5.ts'
import type { Handler, HandlerContext, HandlerEnv, HandlerLogger, HandlerParams } from '../handler.ts'
import { CORE_FIELDS, checkUsage, type UsageBlock, type UsageFault } from './usage-checks.ts'
import { usageNotification } from './usage-notification.ts'

const EXISTS = 'compute.instance.exists'
const PUBLISHER = 'stv3'
const NONE: Trait = { type: 'none', value: null }

const text = (value: string): Trait => ({ type: 'text', value })
const int = (value: number): Trait => ({ type: 'int', value })

/**
 * Verifies the usage of an instance: each `compute.instance.exists` against the events before it. Adds an event
 * `.verified` or `.failed` for each exists, `.warnings` before it where something is odd, and `.failed` (U0) for
 * events that no exists follows. The notifications for publishing are left in env.usage_notifications.
 */
export class UsageHandler implements Handler {
  readonly #logger: HandlerLogger

  constructor(_params: HandlerParams, context: HandlerContext) {
    this.#logger = context.logger
  }

  /** The fields in which an exists must agree with the operations before it; own handlers may have others. */
  get coreFields(): readonly string[] {
    return CORE_FIELDS
  }

  handleEvents(events: readonly Event[], env: HandlerEnv): readonly Event[] {
    const made: Event[] = []
    let block: Event[] = []
    for (const event of events) {
      if (event.eventType !== EXISTS) block.push(event)
      else {
        made.push(...this.#verify({ exists: event, events: block }, env))
        block = []
      }
    }
    const [first] = block
    if (first) made.push(withoutExists(first, env))
    env.usage_notifications = made.map(usageNotification)
    return [...events, ...made]
  }

  commit(): void {}

  rollback(): void {}

  #verify(block: UsageBlock, env: HandlerEnv): Event[] {
    const { fault, warnings } = checkUsage(block, this.coreFields)
    if (fault) {
      this.#logger.warn(
        { stream: env.streamId, code: fault.code },
        `usage of an exists is not verified: ${fault.message}`,
      )
    }
    const result = resultOf(block.exists, fault, env)
    return warnings.length > 0 ? [warningsOf(block.exists, warnings, env), result] : [result]
  }
}

function resultOf(exists: Event, fault: UsageFault | undefined, env: HandlerEnv): Event {
  const eventType = fault ? `${EXISTS}.failed` : `${EXISTS}.verified`
  return {
    messageId: uuid5(exists.messageId, eventType),
    eventType,
    timestamp: timeOf(exists),
    traits: {
      bandwidth_in: int(0),
      bandwidth_out: int(0),
      rax_options: text('0'),
      ...exists.traits,
      original_message_id: text(exists.messageId),
      publisher_id: text(PUBLISHER),
      stream_id: int(env.streamId),
      error: text(fault?.message ?? 'None'),
      error_code: fault ? text(fault.code) : NONE,
    },
  }
}

function warningsOf(exists: Event, warnings: readonly string[], env: HandlerEnv): Event {
  return noteOn(exists, `${EXISTS}.warnings`, env, {
    publisher_id: text(PUBLISHER),
    warnings: text(warnings.join(', ')),
  })
}

function withoutExists(first: Event, env: HandlerEnv): Event {
  return noteOn(first, `${EXISTS}.failed`, env, {
    error: text('Notifications, but no .exists notification found.'),
    error_code: text('U0'),
  })
}

/** An event about another one, of its time and instance. */
function noteOn(event: Event, eventType: string, { streamId }: HandlerEnv, traits: Traits): Event {
  const instance = event.traits.instance_id
  return {
    messageId: uuid5(event.messageId, `${eventType}:${streamId}`),
    eventType,
    timestamp: timeOf(event),
    traits: { ...(instance ? { instance_id: instance } : {}), stream_id: int(streamId), ...traits },
  }
}

/** An event that was given without a time is judged now. */
function timeOf({ timestamp }: Event): Micros {
  return Number.isNaN(timestamp) ? Date.now() * 1000 : timestamp
}
