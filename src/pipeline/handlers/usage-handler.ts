import type { Event } from '../../domain/event.ts'
import { MICROS_PER_DAY } from '../../domain/time.ts'
import { CORE_FIELDS } from '../../usage/core-fields.ts'
import { verifyByPracticalRules } from '../../usage/practical/practical-rules.ts'
import { auditPeriodOf, type Period } from '../../usage/practical/stream-story.ts'
import { verifyCinderUsage } from '../../usage/practical/volume-rules.ts'
import { verifyByStacktachRules } from '../../usage/stacktach-rules.ts'
import { usageNotification } from '../../usage/usage-notification.ts'
import { usageResults } from '../../usage/usage-results.ts'
import type { UsageVerdict } from '../../usage/verdict.ts'
import type { Handler, HandlerContext, HandlerEnv, HandlerLogger, HandlerParams } from '../handler.ts'
import { dayBegins, dayBeginsFault } from './day-begins.ts'

/**
 * Verifies the usage of an instance: each exists against the events before it. Adds an event `.verified` or `.failed`
 * for each exists, `.warnings` before it where something is odd, and `.failed` (U0) for events that no exists follows.
 * By `rules: practical` also `….unbilled` where no exists is owed, and `….exists.day.verified` or `.failed` for the audit
 * periods of a day. The notifications for publishing are left in env.usage_notifications.
 */
export class UsageHandler implements Handler {
  static readonly schema = {
    type: 'object',
    additionalProperties: false,
    properties: {
      rules: { enum: ['stacktach', 'practical'] },
      subject: { enum: ['server', 'volume', 'snapshot'] },
      day_begins: { type: ['string', 'number'] },
    },
  }

  static readonly fault = ({ rules, subject = 'server', day_begins }: HandlerParams): string | undefined =>
    rules !== 'practical' && subject !== 'server'
      ? `subject: ${subject} is verified by rules: practical only`
      : dayBeginsFault(day_begins)

  readonly #logger: HandlerLogger
  readonly #params: HandlerParams

  constructor(params: HandlerParams, context: HandlerContext) {
    this.#params = params
    this.#logger = context.logger
  }

  /** The fields in which an exists must agree with the operations before it; own handlers may have others. */
  get coreFields(): readonly string[] {
    return CORE_FIELDS
  }

  handleEvents(events: readonly Event[], env: HandlerEnv): readonly Event[] {
    const verdict = this.verify(events, env)
    this.#logFaults(verdict, env)
    const made = usageResults(verdict, { streamId: env.streamId, now: Date.now() * 1000 })
    env.usage_notifications = made.map(usageNotification)
    return [...events, ...made]
  }

  commit(): void {}

  rollback(): void {}

  /** What verifying these events comes to, without any effect. */
  verify(events: readonly Event[], env: HandlerEnv): UsageVerdict {
    const { rules, subject } = this.#params
    if (rules !== 'practical') return verifyByStacktachRules(events, this.coreFields)
    const range = this.#range(events, env)
    if (subject === 'volume' || subject === 'snapshot') return verifyCinderUsage(events, { subject, range })
    return verifyByPracticalRules(events, { coreFields: this.coreFields, range })
  }

  /** The time that the stream is about: what its trigger tells streams apart by, else the day of its first exists. */
  #range(events: readonly Event[], { distinguishingTraits = {} }: HandlerEnv): Period | undefined {
    for (const trait of Object.values(distinguishingTraits)) if (trait.type === 'timerange') return trait
    const period = events.map(auditPeriodOf).find((found) => found !== undefined)
    const offset = dayBegins(this.#params.day_begins)
    if (!period || offset === undefined) return undefined
    const begin = Math.floor((period.begin - offset) / MICROS_PER_DAY) * MICROS_PER_DAY + offset
    return { begin, end: begin + MICROS_PER_DAY }
  }

  #logFaults({ exists }: UsageVerdict, { streamId }: HandlerEnv): void {
    for (const { fault, notes } of exists) {
      for (const note of notes) this.#logger.info({ stream: streamId }, `usage of an exists: ${note}`)
      if (!fault) continue
      const fields = { stream: streamId, code: fault.code }
      this.#logger.warn(fields, `usage of an exists is not verified: ${fault.message}`)
    }
  }
}
