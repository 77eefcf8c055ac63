import type { Receipt } from '../domain/receipt.ts'
import type { RestDeadLetter } from '../formats/dead-letter-form.ts'
import type { HekaStatistics } from '../formats/heka-form.ts'
import type { RestEvent, RestStream } from '../formats/rest-form.ts'
import type { RestShipHost } from '../formats/ship-form.ts'
import type { StreamExplanation } from '../formats/stream-explanation.ts'
import type { TailMessage } from '../formats/tail-form.ts'
import type { RestDropped, RestTrigger } from '../formats/tally-form.ts'
import type { Timeline } from '../formats/timeline.ts'
import { type ActionMethods, actionMethods } from './action-methods.ts'
import type { CallOptions } from './call-options.ts'
import { pages } from './pages.ts'
import {
  type DeadLetterQuery,
  type DroppedQuery,
  deadLetterParams,
  type EventQuery,
  eventParams,
  pageParams,
  type StreamQuery,
  streamParams,
  type TimelineQuery,
  timelineParams,
} from './query.ts'
import { createRequester, type SentRequest } from './request.ts'
import { segment } from './segment.ts'
import { followTail, type TailQuery } from './tail.ts'

// biome-ignore lint/performance/noBarrelFile: callers of the package tell errors apart by their classes
export {
  ConflictError,
  InvalidError,
  NotFoundError,
  StackTachError,
  TransientError,
} from '../domain/errors.ts'
export type { Receipt } from '../domain/receipt.ts'
export type { StreamState } from '../domain/stream.ts'
export type { RestAction, RestActionResult } from '../formats/action-form.ts'
export type { RestDeadLetter, ShownBody } from '../formats/dead-letter-form.ts'
export type { RestDatetime, RestEvent, RestStream, RestTimeRange, RestValue } from '../formats/rest-form.ts'
export type { RestShipHost } from '../formats/ship-form.ts'
export type { CriterionExplanation, Miss, StreamExplanation } from '../formats/stream-explanation.ts'
export type { RestStreamChange, TailMessage } from '../formats/tail-form.ts'
export type { RestDropped, RestTrigger } from '../formats/tally-form.ts'
export type { Change, Timeline, TimelineEntry } from '../formats/timeline.ts'
export type { ActionMethods, DeadLetterAction, ListedAction, StreamAction } from './action-methods.ts'
export type { CallOptions } from './call-options.ts'
export type {
  DeadLetterQuery,
  EventQuery,
  PageQuery,
  QueryTime,
  QueryTraits,
  StreamQuery,
  TimelineQuery,
} from './query.ts'
export type { TailQuery } from './tail.ts'

export type ClientOptions = {
  /** where the API is, e.g. `http://127.0.0.1:8000` */
  readonly url: string
  /** a bearer token, where the server asks for one */
  readonly token?: string | undefined
  /** longest wait for an answer, ms (30,000) */
  readonly timeoutMs?: number
  /** how often a reading request is sent again after no answer, 503 or 429 (2) */
  readonly retries?: number
  /** Called with each request that is sent. */
  readonly onRequest?: (request: SentRequest) => void
}

/** A dead letter of a list; `_mark` is its place in the list. */
export type ListedDeadLetter = RestDeadLetter & { readonly _mark: string }

/** What became of a dead letter that was driven in again. */
export type RetriedLetter = {
  readonly outcome: string
  readonly description: string
  readonly stage?: string
  readonly reason?: string
}

/** An event of a list; `_mark` is its place in the list. */
export type ListedEvent = RestEvent & { readonly _mark: string }

/**
 * A client of the REST API. Calls reject with InvalidError (400), NotFoundError (404), ConflictError (409),
 * TransientError (no answer, 429, 503) or StackTachError, with the message of the server, or with the
 * signal's reason when it aborts.
 */
export type Client = ActionMethods & {
  /** Returns one page of streams, the newest first. */
  listStreams(query?: StreamQuery, options?: CallOptions): Promise<RestStream[]>
  countStreams(query?: StreamQuery, options?: CallOptions): Promise<number>
  /** Yields all streams that match a query, page by page; `limit` is the size of a page. */
  streams(query?: StreamQuery, options?: CallOptions): AsyncGenerator<RestStream>
  getStream(
    id: number | string,
    query?: { readonly details?: boolean; readonly counts?: boolean },
    options?: CallOptions,
  ): Promise<RestStream>
  /** Returns why a stream has not fired, or what became of it. */
  explainStream(id: number | string, options?: CallOptions): Promise<StreamExplanation>
  /** Makes a stream in an error state run again. */
  resetStream(id: number | string, options?: CallOptions): Promise<void>
  /** Deletes a stream, never its events. */
  deleteStream(id: number | string, options?: CallOptions): Promise<void>
  /** Returns one page of events, the last stored first. */
  listEvents(query?: EventQuery, options?: CallOptions): Promise<ListedEvent[]>
  countEvents(query?: EventQuery, options?: CallOptions): Promise<number>
  /** Yields all events that match a query, page by page; `limit` is the size of a page. */
  events(query?: EventQuery, options?: CallOptions): AsyncGenerator<ListedEvent>
  getEvent(messageId: string, options?: CallOptions): Promise<RestEvent>
  /** Returns one page of what could not be processed, the newest first, without bodies. */
  listDeadLetters(query?: DeadLetterQuery, options?: CallOptions): Promise<ListedDeadLetter[]>
  countDeadLetters(query?: DeadLetterQuery, options?: CallOptions): Promise<number>
  /** Yields all dead letters that match a query, page by page. */
  deadLetters(query?: DeadLetterQuery, options?: CallOptions): AsyncGenerator<ListedDeadLetter>
  /** Returns a dead letter with its body, whose secrets are masked. */
  getDeadLetter(id: number | string, options?: CallOptions): Promise<RestDeadLetter>
  /** Returns the body of a dead letter byte for byte; needs a token that may write. */
  getDeadLetterBody(id: number | string, options?: CallOptions): Promise<Buffer>
  /** Drives a dead letter in again, with another body where one is given. */
  retryDeadLetter(id: number | string, body?: Uint8Array, options?: CallOptions): Promise<RetriedLetter>
  /** Deletes a dead letter for good. */
  deleteDeadLetter(id: number | string, options?: CallOptions): Promise<void>
  /**
   * Gives notifications to the server, which keeps them as a consumer does. Returns what became of each, in their order.
   * Nothing is sent again by itself.
   */
  postNotifications(
    notifications: readonly object[],
    query?: { readonly queue?: string | undefined },
    options?: CallOptions,
  ): Promise<Receipt[]>
  /** Lists notifications that no event definition matches, by queue and event type, the commonest first. */
  listDropped(query?: DroppedQuery, options?: CallOptions): Promise<RestDropped[]>
  /**
   * Yields what happens as it comes, until the signal aborts; connects again, and goes on without a gap, after the server
   * was away.
   */
  tail(query?: TailQuery, options?: CallOptions): AsyncGenerator<TailMessage>
  /** Lists the triggers with their counters. */
  listTriggers(options?: CallOptions): Promise<RestTrigger[]>
  /** Lists the hosts that ship their files. */
  listShipHosts(options?: CallOptions): Promise<RestShipHost[]>
  /** Returns what came of Heka in the last minute, second by second. */
  readHeka(options?: CallOptions): Promise<HekaStatistics>
  /** Returns what happened to a resource, in the order of time. */
  timeline(query: TimelineQuery, options?: CallOptions): Promise<Timeline>
}

const TIMEOUT_MS = 30_000
const RETRIES = 2

/**
 * Creates a client of the REST API.
 *
 * @example
 * const client = createClient({ url: 'http://127.0.0.1:8000' })
 * for await (const stream of client.streams({ state: 'error' })) console.log(stream.id, stream.name)
 */
export function createClient(options: ClientOptions): Client {
  const { url, token, timeoutMs = TIMEOUT_MS, retries = RETRIES, onRequest } = options
  const request = createRequester({ url, token, timeoutMs, retries, onRequest })
  const letterPath = (id: number | string) => `/v1/dead-letters/${segment('the id of a dead letter', id)}`
  const streamPath = (id: number | string) => `/v1/streams/${segment('the id of a stream', id)}`

  const client: Client = {
    listStreams: async (query = {}, { signal } = {}) =>
      request({ method: 'GET', path: '/v1/streams', params: streamParams(query), signal }),
    async countStreams(query = {}, { signal } = {}) {
      const params = streamParams(query)
      const [row] = await request<Counts>({ method: 'GET', path: '/v1/streams/count', params, signal })
      return row.count
    },
    streams: (query = {}, call = {}) => pages(query, (page) => client.listStreams(page, call)),
    async getStream(id, { details, counts } = {}, { signal } = {}) {
      const params: { [name: string]: string } = {
        ...(details ? { details: 'true' } : {}),
        ...(counts ? { counts: 'true' } : {}),
      }
      const [stream] = await request<[RestStream]>({ method: 'GET', path: streamPath(id), params, signal })
      return stream
    },
    explainStream: async (id, { signal } = {}) =>
      request({ method: 'GET', path: `${streamPath(id)}/explain`, signal }),
    resetStream: async (id, { signal } = {}) => request({ method: 'PUT', path: streamPath(id), signal }),
    deleteStream: async (id, { signal } = {}) => request({ method: 'DELETE', path: streamPath(id), signal }),
    listEvents: async (query = {}, { signal } = {}) =>
      request({ method: 'GET', path: '/v1/events', params: eventParams(query), signal }),
    async countEvents(query = {}, { signal } = {}) {
      const params = eventParams(query)
      const [row] = await request<Counts>({ method: 'GET', path: '/v1/events/count', params, signal })
      return row.count
    },
    events: (query = {}, call = {}) => pages(query, (page) => client.listEvents(page, call)),
    listDeadLetters: async (query = {}, { signal } = {}) =>
      request({ method: 'GET', path: '/v1/dead-letters', params: deadLetterParams(query), signal }),
    async countDeadLetters(query = {}, { signal } = {}) {
      const params = deadLetterParams(query)
      const [row] = await request<Counts>({ method: 'GET', path: '/v1/dead-letters/count', params, signal })
      return row.count
    },
    deadLetters: (query = {}, call = {}) => pages(query, (page) => client.listDeadLetters(page, call)),
    getDeadLetter: async (id, { signal } = {}) => request({ method: 'GET', path: letterPath(id), signal }),
    deleteDeadLetter: async (id, { signal } = {}) =>
      request({ method: 'DELETE', path: letterPath(id), signal }),
    getDeadLetterBody: async (id, { signal } = {}) =>
      request({ method: 'GET', path: `${letterPath(id)}/body`, as: 'bytes', signal }),
    retryDeadLetter: async (id, body, { signal } = {}) =>
      request({ method: 'POST', path: `${letterPath(id)}/retry`, body, signal }),
    ...actionMethods(request),
    async postNotifications(notifications, { queue } = {}, { signal } = {}) {
      const params: { [name: string]: string } = queue === undefined ? {} : { queue }
      return request({ method: 'POST', path: '/v1/notifications', params, body: notifications, signal })
    },
    tail: (query = {}, { signal } = {}) => followTail(request, query, signal),
    listDropped: async ({ queue, limit } = {}, { signal } = {}) => {
      const params = { ...(queue === undefined ? {} : { queue }), ...pageParams({ limit }) }
      return request({ method: 'GET', path: '/v1/dropped', params, signal })
    },
    listTriggers: async ({ signal } = {}) => request({ method: 'GET', path: '/v1/triggers', signal }),
    listShipHosts: async ({ signal } = {}) => request({ method: 'GET', path: '/v1/ship', signal }),
    readHeka: async ({ signal } = {}) => request({ method: 'GET', path: '/v1/heka', signal }),
    timeline: async (query, { signal } = {}) =>
      request({ method: 'GET', path: '/v1/timeline', params: timelineParams(query), signal }),
    getEvent: async (messageId, { signal } = {}) =>
      request({ method: 'GET', path: `/v1/events/${segment('a message_id', messageId)}`, signal }),
  }
  return client
}

type Counts = [{ readonly count: number }]
