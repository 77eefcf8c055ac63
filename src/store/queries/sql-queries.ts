import type { Queries } from '../ports/queries.ts'
import type { SqlSession } from '../sql-session.ts'
import { countEvents, eventsOfStream, eventsOfStreams, findEvent, listEvents } from './read-events.ts'
import { countStreams, findClaim, findStream, listStreams } from './read-streams.ts'
import { readingUntil } from './reading.ts'
import { storedAmong } from './stored-among.ts'

export function createSqlQueries({ context, query }: SqlSession): Queries {
  const { db, dialect, eventTypes } = context
  return {
    listEvents: (filter, page, signal) =>
      query(() => listEvents(context, filter, page, readingUntil(signal, dialect))),
    countEvents: (filter, page, signal) =>
      query(() => countEvents(context, filter, page, readingUntil(signal, dialect))),
    findEvent: (messageId, limits) => query(() => findEvent(context, messageId, limits)),
    storedAmong: (messageIds) => query(() => storedAmong(db, messageIds)),
    listStreams: (filter, page, signal) =>
      query(() => listStreams(context, filter, page, readingUntil(signal, dialect))),
    countStreams: (filter, page, signal) =>
      query(() => countStreams(context, filter, page, readingUntil(signal, dialect))),
    findStream: (id, limits) => query(() => findStream(context, id, limits)),
    findClaim: (id) => query(() => findClaim(context, id)),
    eventsOfStreams: (ids, signal) =>
      query(() => eventsOfStreams(db, eventTypes, ids, readingUntil(signal, dialect))),
    async *eventsOfStream(id, limits, signal) {
      const portions = eventsOfStream(context, id, limits, readingUntil(signal, dialect))
      try {
        for (;;) {
          const { done, value } = await query(() => portions.next())
          if (done) return
          yield value
        }
      } finally {
        await portions.return(undefined)
      }
    },
  }
}
