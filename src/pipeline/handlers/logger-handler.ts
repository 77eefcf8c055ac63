import { type Event, momentOf } from '../../domain/event.ts'
import { formatMoment } from '../../domain/time.ts'
import type { Handler, HandlerContext, HandlerEnv, HandlerLogger, HandlerParams } from '../handler.ts'

/** Logs each event of the stream at level info. */
export class LoggerHandler implements Handler {
  static readonly description = 'Logs each event that passes, at info. It has no parameters.'

  static readonly changesOthers = false

  readonly #logger: HandlerLogger

  constructor(_params: HandlerParams, context: HandlerContext) {
    this.#logger = context.logger
  }

  handleEvents(events: readonly Event[], env: HandlerEnv): readonly Event[] {
    for (const event of events) {
      this.#logger.info(
        {
          stream: env.streamId,
          trigger: env.streamName,
          message_id: event.messageId,
          timestamp: formatMoment(momentOf(event)),
        },
        event.eventType,
      )
    }
    return events
  }

  commit(): void {}

  rollback(): void {}
}
