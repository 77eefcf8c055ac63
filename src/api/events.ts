import { z } from 'zod'
import { NotFoundError } from '../domain/errors.ts'
import type { StoredEvent } from '../domain/event.ts'
import { eventJson } from '../formats/event-json.ts'
import { formatMark } from '../formats/rest-form.ts'
import { ENDS_EARLY, type Operation, operation } from '../http/operation.ts'
import { listAnswer, StreamedAnswer } from '../http/streamed-answer.ts'
import type { EventFilter, Queries, ReadLimits } from '../store/ports/queries.ts'
import { eventPath, eventsQuery, noParams, pageOf } from './params.ts'
import { counts, event as eventShape, listedEvent } from './shapes.ts'

/** Returns the operations of `/v1/events`: list, count and single event. */
export function eventOperations(store: Queries): Operation[] {
  return [
    operation({
      method: 'get',
      path: '/v1/events',
      summary: `events, the last stored first; ${ENDS_EARLY}`,
      query: eventsQuery,
      params: noParams,
      answer: z.array(listedEvent),
      httpProblems: {},
      async run({ query, signal, limits }) {
        const page = { ...pageOf(query), ...limits }
        await limits.admit(limits.maxBytes)
        const events = await store.listEvents(eventFilterOf(query), page, signal)
        const markOf = ({ id }: StoredEvent) => formatMark(id, page.ascending)
        const last = events.at(-1)
        const encode = (one: StoredEvent) => eventJson(one, markOf(one))
        return listAnswer(events, encode, last && markOf(last))
      },
    }),
    operation({
      method: 'get',
      path: '/v1/events/count',
      summary: 'number of events, counted from `mark` on; `limit` is ignored',
      query: eventsQuery,
      params: noParams,
      answer: counts,
      httpProblems: {},
      async run({ query, signal, limits: { admit } }) {
        return [{ count: await store.countEvents(eventFilterOf(query), { ...pageOf(query), admit }, signal) }]
      },
    }),
    operation({
      method: 'get',
      path: '/v1/events/{messageId}',
      summary: 'one event',
      query: noParams,
      params: eventPath,
      answer: eventShape,
      httpProblems: { 404: 'there is no such event' },
      async run({ path: { messageId }, limits }) {
        await limits.admit(limits.maxBytes)
        const found = await findEventInAnyCase(store, messageId, limits)
        if (!found) throw new NotFoundError(`there is no event ${messageId}`)
        return new StreamedAnswer([eventJson(found)])
      },
    }),
  ]
}

/** Finds an event in any case: ids are kept byte for byte, but people type UUIDs in either case. */
export async function findEventInAnyCase(
  store: Queries,
  messageId: string,
  limits: ReadLimits,
): Promise<StoredEvent | undefined> {
  for (const id of new Set([messageId, messageId.toLowerCase(), messageId.toUpperCase()])) {
    const event = await store.findEvent(id, limits)
    if (event) return event
  }
  return undefined
}

/** Returns the filter that the parameters of a list ask for. */
export function eventFilterOf(query: z.output<typeof eventsQuery>): EventFilter {
  return {
    eventType: query.event_name,
    from: query.from_datetime,
    to: query.to_datetime,
    traits: query.traits,
  }
}
