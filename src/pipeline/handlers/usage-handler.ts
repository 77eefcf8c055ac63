import type { Event } from '../../domain/event.ts'
import { MICROS_PER_DAY } from '../../domain/time.ts'
import { timeRangeOf } from '../../domain/trait.ts'
import { CORE_FIELDS } from '../../usage/core-fields.ts'
import { judgedAnew, needsEvidence } from '../../usage/evidence.ts'
import { verifyByPracticalRules } from '../../usage/practical/practical-rules.ts'
import { auditPeriodOf, type Period } from '../../usage/practical/stream-story.ts'
import { verifyCinderUsage } from '../../usage/practical/volume-rules.ts'
import { verifyByStacktachRules } from '../../usage/stacktach-rules.ts'
import { usageNotification } from '../../usage/usage-notification.ts'
import { usageResults } from '../../usage/usage-results.ts'
import type { UsageVerdict } from '../../usage/verdict.ts'
import type { EventQuery, Handler, HandlerContext, HandlerEnv, HandlerParams } from '../handler.ts'
import { dayBegins, dayBeginsFault } from './day-begins.ts'

/** The trait that identifies the subject of usage, by kind. */
const ID_TRAITS: { readonly [subject: string]: string } = {
  server: 'instance_id',
  volume: 'volume_id',
  snapshot: 'snapshot_id',
}

/**
 * Verifies the usage of an instance: each exists against the events before it. Adds an event `.verified` or
 * `.failed` for each exists, `.warnings` before it for what is odd, and `.failed` (U0) for events that no
 * exists follows. With `rules: practical` adds also `….unbilled` where no exists is due, and
 * `….exists.day.verified` or `.failed` for the audit periods of a day. Leaves the notifications for
 * publishing in env.usage_notifications.
 */
export class UsageHandler implements Handler {
  static readonly description =
    'Verifies the usage that each exists tells against the events before it. Makes new events with the verdicts, and leaves the notifications for publishing in `env.usage_notifications`.'

  static readonly changesOthers = false

  static readonly schema = {
    type: 'object',
    additionalProperties: false,
    properties: {
      rules: {
        enum: ['stacktach', 'practical'],
        description:
          '`stacktach`: the verdicts of StackTach.v3; `practical`: those of a careful person who knows how Nova behaves',
        default: 'stacktach',
      },
      subject: {
        enum: ['server', 'volume', 'snapshot'],
        description: 'what the usage is of; others than `server` by `practical` rules only',
        default: 'server',
      },
      day_begins: {
        type: ['string', 'number'],
        description:
          'time of day, UTC, at which audit periods begin: `8h`, `8h 30m`; as the events say unless given',
      },
    },
  }

  static readonly fault = ({ rules, subject, day_begins }: HandlerParams): string | undefined =>
    rules !== 'practical' && subject !== 'server'
      ? `subject: ${subject} is verified by rules: practical only`
      : dayBeginsFault(day_begins)

  readonly #context: HandlerContext
  readonly #params: HandlerParams

  constructor(params: HandlerParams, context: HandlerContext) {
    this.#params = params
    this.#context = context
  }

  /**
   * The fields in which an exists must agree with the operations before it. Own handlers may override them.
   */
  get coreFields(): readonly string[] {
    return CORE_FIELDS
  }

  handleEvents(events: readonly Event[], env: HandlerEnv): readonly Event[] | Promise<readonly Event[]> {
    const verdict = this.verify(events, env)
    const { findEvents } = this.#context
    if (this.#params.rules !== 'practical' || !findEvents || !needsEvidence(verdict)) {
      return this.#tell(verdict, events, env)
    }
    const query = this.#evidenceQuery(events, env)
    if (!query) return this.#tell(verdict, events, env)
    return findEvents({ ...query, known: events }).then((others) =>
      this.#tell(this.#judgeAnew(verdict, events, env, others), events, env),
    )
  }

  commit(): void {}

  rollback(): void {}

  /**
   * Returns the verdict on these events, without side effects. `others` are events of the same server in
   * other streams: those that came after its stream had fired, and those of the days before and after. They
   * only serve to explain faults and oddities.
   */
  verify(events: readonly Event[], env: HandlerEnv, others: readonly Event[] = []): UsageVerdict {
    const { rules } = this.#params
    if (rules !== 'practical') return verifyByStacktachRules(events, this.coreFields)
    return this.#judgeAnew(this.#verifyPractically(events, env, []), events, env, others)
  }

  #judgeAnew(
    verdict: UsageVerdict,
    events: readonly Event[],
    env: HandlerEnv,
    others: readonly Event[],
  ): UsageVerdict {
    if (others.length === 0 || !needsEvidence(verdict)) return verdict
    return judgedAnew(verdict, this.#verifyPractically(events, env, others))
  }

  #verifyPractically(events: readonly Event[], env: HandlerEnv, others: readonly Event[]): UsageVerdict {
    const { subject } = this.#params
    const range = this.#range(events, env)
    if (subject === 'volume' || subject === 'snapshot') {
      return verifyCinderUsage(events, { subject, range, others })
    }
    return verifyByPracticalRules(events, { coreFields: this.coreFields, range, others })
  }

  #tell(verdict: UsageVerdict, events: readonly Event[], env: HandlerEnv): readonly Event[] {
    this.#logFaults(verdict, env)
    const made = usageResults(verdict, { streamId: env.streamId, now: Date.now() * 1000 })
    env.usage_notifications = made.map(usageNotification)
    return [...events, ...made]
  }

  /**
   * Returns the query for events of other streams: from a day before to a day after the time of this stream.
   */
  #evidenceQuery(events: readonly Event[], env: HandlerEnv): EventQuery | undefined {
    const { subject } = this.#params
    const trait = ID_TRAITS[String(subject)] ?? 'instance_id'
    const value = events.find((event) => event.traits[trait])?.traits[trait]
    if (!value) return undefined
    const times = events.map(({ timestamp }) => timestamp).filter((time) => !Number.isNaN(time))
    const { begin, end } = this.#range(events, env) ?? { begin: Math.min(...times), end: Math.max(...times) }
    return { trait, value, from: begin - MICROS_PER_DAY, to: end + MICROS_PER_DAY }
  }

  /**
   * Returns the time range of the stream: its distinguishing time range, else the day of its first exists.
   */
  #range(events: readonly Event[], { distinguishingTraits = {} }: HandlerEnv): Period | undefined {
    const told = timeRangeOf(distinguishingTraits)
    if (told) return told
    const periods = events.flatMap((event) => auditPeriodOf(event) ?? [])
    const [period] = periods
    const offset = dayBegins(this.#params.day_begins)
    if (!period || offset === undefined) return undefined
    const begin = Math.floor((period.begin - offset) / MICROS_PER_DAY) * MICROS_PER_DAY + offset
    const range = { begin, end: begin + MICROS_PER_DAY }
    // A stream that covers several days has no day of its own.
    return periods.every((one) => one.begin >= range.begin && one.end <= range.end) ? range : undefined
  }

  #logFaults({ exists }: UsageVerdict, { streamId }: HandlerEnv): void {
    for (const { fault, notes } of exists) {
      for (const note of notes) this.#context.logger.info({ stream: streamId }, `usage of an exists: ${note}`)
      if (!fault) continue
      const fields = { stream: streamId, code: fault.code }
      this.#context.logger.warn(fields, `usage of an exists is not verified: ${fault.message}`)
    }
  }
}
