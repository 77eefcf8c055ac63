import { createHash } from 'node:crypto'
import type { Event } from 'stacktach/event'
import type { Handler, HandlerEnv, HandlerParams } from 'stacktach/handler'

const MICROS_PER_HOUR = 3_600_000_000

/** Adds an event that sums up an order: its total, and the hours from its first message to its last. */
export class OrderSummary implements Handler {
  /** JSON Schema of `params` in pipelines.yaml: `stv3 check` refuses others, with their place. */
  static readonly schema = {
    type: 'object',
    additionalProperties: false,
    required: ['event_type'],
    properties: { event_type: { type: 'string', minLength: 1 } },
  }

  /** It sends nothing: `stv3 replay` runs it whole. */
  static readonly changesOthers = false

  readonly #eventType: string

  constructor(params: HandlerParams) {
    this.#eventType = String(params.event_type)
  }

  handleEvents(events: readonly Event[], env: HandlerEnv): readonly Event[] {
    const [first] = events
    const last = events.at(-1)
    if (!first || !last) return events
    const { order_id, total_cents } = first.traits
    const summary: Event = {
      messageId: idOf(`${first.messageId}:${this.#eventType}:${env.streamId}`),
      eventType: this.#eventType,
      timestamp: last.timestamp,
      traits: {
        ...(order_id ? { order_id } : {}),
        ...(total_cents ? { total_cents } : {}),
        hours: { type: 'float', value: (last.timestamp - first.timestamp) / MICROS_PER_HOUR },
      },
    }
    return [...events, summary]
  }

  commit(): void {}

  rollback(): void {}
}

/** Returns the same id for the same text, so that a repeated run makes no second event. */
function idOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}
