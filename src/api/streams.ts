import { type Request, Router } from 'express'
import { NotFoundError } from '../domain/errors.ts'
import { formatMark, type RestStream, restEvent, restStream } from '../domain/rest-form.ts'
import type { Stream } from '../domain/stream.ts'
import type { Store, StreamFilter } from '../store/store.ts'
import { booleanParam, idParam, pageParams, stateParam, textParam, timeParam } from './params.ts'
import { sendJson } from './send-json.ts'

/** `/v1/streams`: lists, counts and single streams. */
export function streamsResource(store: Store): Router {
  const router = Router({ caseSensitive: true })

  router.get('/', async (request, response) => {
    const page = pageParams(request)
    const streams = await store.listStreams(filterOf(request), page)
    sendJson(response, await encode(streams, page.ascending, wantsDetails(request)))
  })

  router.get('/:name', async (request, response, next) => {
    if (request.params.name.toLowerCase() !== 'count') return next('route')
    sendJson(response, [{ count: await store.countStreams(filterOf(request), pageParams(request)) }])
  })

  router.get('/:id', async (request, response) => {
    const id = idParam(request)
    const stream = await store.findStream(id)
    if (!stream) throw new NotFoundError(`there is no stream ${id}`)
    sendJson(response, await encode([stream], false, wantsDetails(request)))
  })

  async function encode(
    streams: readonly Stream[],
    ascending: boolean,
    details: boolean,
  ): Promise<RestStream[]> {
    const plain = streams.map((stream) => restStream(stream, formatMark(stream.id, ascending)))
    if (!details) return plain
    const events = await store.eventsOfStreams(streams.map(({ id }) => id))
    return plain.map((stream) => ({
      ...stream,
      events: (events.get(stream.id) ?? []).map((event) => restEvent(event)),
    }))
  }

  return router
}

function wantsDetails(request: Request): boolean {
  return booleanParam(request, 'details') || booleanParam(request, 'detail')
}

function filterOf(request: Request): StreamFilter {
  return {
    name: textParam(request, 'trigger_name') ?? textParam(request, 'name'),
    state: stateParam(request, 'state'),
    olderThan: timeParam(request, 'older_than'),
    youngerThan: timeParam(request, 'younger_than'),
  }
}
