import { z } from 'zod'
import { NotFoundError } from '../domain/errors.ts'
import type { StoredEvent } from '../domain/event.ts'
import { isSecretName } from '../domain/mask-secrets.ts'
import { formatMark, type RestEvent, restEvent } from '../domain/rest-form.ts'
import type { EventFilter, Store } from '../store/store.ts'
import { type Operation, operation } from './operation.ts'
import { eventPath, eventsQuery, noParams, pageOf } from './params.ts'
import { counts, event as eventShape, listedEvent } from './shapes.ts'

/** `/v1/events`: lists, counts and single events. */
export function eventOperations(store: Store): Operation[] {
  return [
    operation({
      method: 'get',
      path: '/v1/events',
      summary: 'events, those that were stored last first',
      query: eventsQuery,
      params: noParams,
      answer: z.array(listedEvent),
      problems: {},
      async run({ query, signal }) {
        const page = pageOf(query)
        const events = await store.listEvents(filterOf(query), page, signal)
        return events.map((one) => ({ ...shownEvent(one), _mark: formatMark(one.id, page.ascending) }))
      },
    }),
    operation({
      method: 'get',
      path: '/v1/events/count',
      summary: 'how many events there are; it heeds `mark` and not `limit`',
      query: eventsQuery,
      params: noParams,
      answer: counts,
      problems: {},
      async run({ query, signal }) {
        return [{ count: await store.countEvents(filterOf(query), pageOf(query), signal) }]
      },
    }),
    operation({
      method: 'get',
      path: '/v1/events/{messageId}',
      summary: 'one event',
      query: noParams,
      params: eventPath,
      answer: eventShape,
      problems: { 404: 'there is no such event' },
      async run({ path: { messageId } }) {
        const found = await findInAnyCase(store, messageId)
        if (!found) throw new NotFoundError(`there is no event ${messageId}`)
        return shownEvent(found)
      },
    }),
  ]
}

/** An event in the encoding of the API, without what must not be shown. */
export function shownEvent(event: StoredEvent): RestEvent {
  return withoutSecrets(restEvent(event)) as RestEvent
}

/** Values with those of secret names masked; few have any. */
export function withoutSecrets<T>(values: { readonly [name: string]: T }): {
  readonly [name: string]: T | string
} {
  const secret = Object.keys(values).filter(isSecretName)
  if (secret.length === 0) return values
  return { ...values, ...Object.fromEntries(secret.map((name) => [name, '***'])) }
}

/** Ids are kept byte for byte; people type UUIDs in either case. */
async function findInAnyCase(store: Store, messageId: string): Promise<StoredEvent | undefined> {
  for (const id of new Set([messageId, messageId.toLowerCase(), messageId.toUpperCase()])) {
    const event = await store.findEvent(id)
    if (event) return event
  }
  return undefined
}

function filterOf(query: z.output<typeof eventsQuery>): EventFilter {
  return {
    eventType: query.event_name,
    from: query.from_datetime,
    to: query.to_datetime,
    traits: query.traits,
  }
}
