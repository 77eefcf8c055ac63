import { z } from 'zod'
import { ConflictError, NotFoundError } from '../domain/errors.ts'
import type { StoredEvent } from '../domain/event.ts'
import { RUN_STATES, type Stream } from '../domain/stream.ts'
import { eventJson } from '../formats/event-json.ts'
import { formatMark, type RestStream, restStream, type StreamExtras } from '../formats/rest-form.ts'
import { shownStream } from '../formats/shown-form.ts'
import { ENDS_EARLY, type Operation, operation } from '../http/operation.ts'
import { listAnswer, StreamedAnswer } from '../http/streamed-answer.ts'
import type { Queries, StreamFilter } from '../store/ports/queries.ts'
import type { StreamRuns } from '../store/ports/stream-runs.ts'
import { stringifyJson } from '../text/json.ts'
import { noParams, pageOf, streamPath, streamQuery, streamsQuery } from './params.ts'
import { counts, stream as streamShape } from './shapes.ts'

const MISSING = { 404: 'there is no such stream' }

/** Returns the operations of `/v1/streams`: list, count, single stream, reset and deletion. */
export function streamOperations(store: Queries & StreamRuns): Operation[] {
  return [
    operation({
      method: 'get',
      path: '/v1/streams',
      summary: `streams, the newest first; ${ENDS_EARLY}`,
      query: streamsQuery,
      params: noParams,
      answer: z.array(streamShape),
      httpProblems: {},
      async run({ query, signal, limits }) {
        const page = { ...pageOf(query), ...limits }
        await limits.admit(limits.maxBytes)
        const streams = await store.listStreams(streamFilterOf(query), page, signal)
        const last = streams.at(-1)
        const extras = { hasCounts: query.counts }
        const encode = (one: Stream) => stringifyJson(shown(one, page.ascending, extras))
        return listAnswer(streams, encode, last && formatMark(last.id, page.ascending))
      },
    }),
    operation({
      method: 'get',
      path: '/v1/streams/count',
      summary: 'number of streams, counted from `mark` on; `limit` is ignored',
      query: streamsQuery,
      params: noParams,
      answer: counts,
      httpProblems: {},
      async run({ query, signal, limits: { admit } }) {
        return [
          { count: await store.countStreams(streamFilterOf(query), { ...pageOf(query), admit }, signal) },
        ]
      },
    }),
    operation({
      method: 'get',
      path: '/v1/streams/{id}',
      summary: 'one stream, in a list',
      query: streamQuery,
      params: streamPath,
      answer: z.array(streamShape),
      httpProblems: MISSING,
      async run({ path: { id }, query, signal, limits }) {
        await limits.admit(limits.maxBytes)
        const found = await store.findStream(id, limits)
        if (!found) throw new NotFoundError(`there is no stream ${id}`)
        const plain = stringifyJson(shown(found, false, { hasCounts: query.counts }))
        if (!(query.details ?? query.detail)) return new StreamedAnswer([`[${plain}]`])
        return new StreamedAnswer(withEvents(plain, await begun(store.eventsOfStream(id, limits, signal))))
      },
    }),
    operation({
      method: 'put',
      path: '/v1/streams/{id}',
      summary: 'runs a stream in an error state again, with no attempts counted',
      query: noParams,
      params: streamPath,
      answer: undefined,
      httpProblems: { ...MISSING, 409: 'the stream is not in an error state' },
      run: ({ path: { id }, signal }) => reset(store, id, signal),
    }),
    operation({
      method: 'delete',
      path: '/v1/streams/{id}',
      summary: 'deletes a stream, never its events',
      query: noParams,
      params: streamPath,
      answer: undefined,
      httpProblems: { ...MISSING, 409: 'a worker is running the stream' },
      async run({ path: { id }, signal }) {
        if (!(await store.deleteStream(id, signal))) throw new NotFoundError(`there is no stream ${id}`)
      },
    }),
  ]
}

/** Yields the JSON of a list of one stream, whose events are read as the client takes them. */
async function* withEvents(plain: string, portions: AsyncIterable<StoredEvent[]>): AsyncGenerator<string> {
  yield `[${plain.slice(0, -1)},"events":[`
  let comma = ''
  for await (const portion of portions)
    for (const event of portion) {
      yield `${comma}${eventJson(event)}`
      comma = ','
    }
  yield ']}]'
}

/** Reads the first item of a source and returns it whole: a failure comes before anything is sent. */
async function begun<T>(source: AsyncGenerator<T>): Promise<AsyncIterable<T>> {
  const first = await source.next()
  return (async function* () {
    if (!first.done) yield first.value
    yield* source
  })()
}

/** Returns a stream in the encoding of the API, secrets masked. */
function shown(stream: Stream, ascending: boolean, extras: StreamExtras): RestStream {
  return shownStream(restStream(stream, formatMark(stream.id, ascending), extras))
}

async function reset(store: Queries & StreamRuns, id: number, signal: AbortSignal): Promise<void> {
  for (const { error } of Object.values(RUN_STATES))
    if ((await store.resetStreams(error, id, signal)) > 0) return
  const found = await store.findStream(id)
  if (!found) throw new NotFoundError(`there is no stream ${id}`)
  throw new ConflictError(
    `stream ${id} is ${found.state}; only one that is in error or expire_error can be reset`,
  )
}

/** Returns the filter that the parameters of a list ask for. */
export function streamFilterOf(query: Omit<z.output<typeof streamsQuery>, 'mark' | 'limit'>): StreamFilter {
  return {
    name: query.trigger_name ?? query.name,
    ...(query.state?.isNegated ? { notState: query.state.state } : { state: query.state?.state }),
    olderThan: query.older_than,
    youngerThan: query.younger_than,
    traits: query.distinguishing_traits,
    ids: query.ids,
    lastError: query.last_error,
    attempts: query.attempts,
  }
}
