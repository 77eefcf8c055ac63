import { type Request, Router } from 'express'
import { NotFoundError } from '../domain/errors.ts'
import type { StoredEvent } from '../domain/event.ts'
import { formatMark, restEvent } from '../domain/rest-form.ts'
import type { EventFilter, Store } from '../store/store.ts'
import { pageParams, textParam, timeParam } from './params.ts'
import { sendJson } from './send-json.ts'

/** `/v1/events`: lists, counts and single events. */
export function eventsResource(store: Store): Router {
  const router = Router({ caseSensitive: true })

  router.get('/', async (request, response) => {
    const page = pageParams(request)
    const events = await store.listEvents(filterOf(request), page)
    sendJson(
      response,
      events.map((event) => ({ ...restEvent(event), _mark: formatMark(event.id, page.ascending) })),
    )
  })

  router.get('/count', async (request, response) => {
    sendJson(response, [{ count: await store.countEvents(filterOf(request), pageParams(request)) }])
  })

  router.get('/:messageId', async (request, response) => {
    const { messageId } = request.params
    const event = await findInAnyCase(store, messageId)
    if (!event) throw new NotFoundError(`there is no event ${messageId}`)
    sendJson(response, restEvent(event))
  })

  return router
}

/** Ids are kept byte for byte; people type UUIDs in either case. */
async function findInAnyCase(store: Store, messageId: string): Promise<StoredEvent | undefined> {
  for (const id of new Set([messageId, messageId.toLowerCase(), messageId.toUpperCase()])) {
    const event = await store.findEvent(id)
    if (event) return event
  }
  return undefined
}

function filterOf(request: Request): EventFilter {
  return {
    eventType: textParam(request, 'event_name'),
    from: timeParam(request, 'from_datetime'),
    to: timeParam(request, 'to_datetime'),
  }
}
