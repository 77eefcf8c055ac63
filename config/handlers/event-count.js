import { createHash } from 'node:crypto'

/**
 * An example of a handler of your own: adds an event that says how many events of each type its stream holds.
 *
 *     # winchester.yaml                              # pipelines.yaml
 *     pipeline_handlers:                             instance_day_complete:
 *       event_count: ./handlers/event-count.js:EventCount   - {name: event_count, params: {event_type: stream.counted}}
 *
 * Try it, without effects: stv3 pipeline instance_day_complete -c config/winchester.yaml --events FILE --dry-run
 */
export class EventCount {
  /** Of `params`: others are refused by `stv3 check`, with their place. The default is applied before `new`. */
  static schema = {
    type: 'object',
    additionalProperties: false,
    properties: {
      event_type: {
        type: 'string',
        minLength: 1,
        description: 'type of the new event',
        default: 'stream.counted',
      },
    },
  }

  /** An instance lives for one run of one stream. What must live longer is opened: see docs/handlers.md. */
  constructor(params) {
    this.eventType = params.event_type
  }

  /** What it answers goes to the next handler; events with new message ids are stored with the stream's completion. */
  handleEvents(events, env) {
    const last = events.at(-1)
    if (!last) return events
    const counts = new Map()
    for (const { eventType } of events) counts.set(eventType, (counts.get(eventType) ?? 0) + 1)
    const traits = Object.fromEntries([...counts].map(([name, value]) => [name, { type: 'int', value }]))
    return [
      ...events,
      {
        messageId: this.messageId(env.streamId, last.messageId),
        eventType: this.eventType,
        timestamp: last.timestamp,
        traits: { ...traits, stream_id: { type: 'int', value: env.streamId } },
      },
    ]
  }

  /** Nothing to publish: the new event is stored by the worker. */
  commit() {}

  rollback() {}

  /** The same for the same stream: when a run is repeated its event is recognised. */
  messageId(streamId, lastId) {
    return createHash('sha256').update(`${this.eventType}:${streamId}:${lastId}`).digest('hex').slice(0, 32)
  }
}
