import {
  ConflictError,
  InvalidError,
  messageOf,
  NotFoundError,
  StackTachError,
  TransientError,
} from '../domain/errors.ts'
import type { RestEvent, RestStream } from '../domain/rest-form.ts'

/** Query parameters; undefined ones are left out. */
export type QueryParams = { readonly [name: string]: string | number | boolean | undefined }

export type ClientOptions = {
  /** where the API is, e.g. `http://127.0.0.1:8000` */
  readonly url: string
  /** longest wait for an answer, ms */
  readonly timeoutMs?: number
  /** told of each request, for --debug */
  readonly onRequest?: (url: URL) => void
}

export type Client = {
  listStreams(params?: QueryParams): Promise<RestStream[]>
  countStreams(params?: QueryParams): Promise<number>
  getStream(id: number | string, params?: QueryParams): Promise<RestStream>
  listEvents(params?: QueryParams): Promise<(RestEvent & { readonly _mark: string })[]>
  countEvents(params?: QueryParams): Promise<number>
  getEvent(messageId: string): Promise<RestEvent>
}

const TIMEOUT_MS = 30_000

/**
 * A client of the REST API. Rejects with InvalidError (400), NotFoundError (404), ConflictError (409) and
 * TransientError (no answer, 503), their message that of the server.
 */
export function createClient(options: ClientOptions): Client {
  async function get<T>(path: string, params: QueryParams = {}): Promise<T> {
    const url = new URL(`${options.url.replace(/\/+$/, '')}${path}`)
    for (const [name, value] of Object.entries(params)) {
      if (value !== undefined) url.searchParams.set(name, String(value))
    }
    options.onRequest?.(url)
    return readAnswer<T>(await request(url))
  }

  async function request(url: URL): Promise<Response> {
    try {
      return await fetch(url, { signal: AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS) })
    } catch (error) {
      const cause = error instanceof Error && error.cause ? error.cause : error
      throw new TransientError(`${url.origin} does not answer: ${messageOf(cause)}`, { cause: error })
    }
  }

  const count = async (path: string, params?: QueryParams) => {
    const [row] = await get<[{ count: number }]>(path, params)
    return row.count
  }

  return {
    listStreams: (params) => get('/v1/streams', params),
    countStreams: (params) => count('/v1/streams/count', params),
    async getStream(id, params) {
      const [stream] = await get<[RestStream]>(`/v1/streams/${encodeURIComponent(id)}`, params)
      return stream
    },
    listEvents: (params) => get('/v1/events', params),
    countEvents: (params) => count('/v1/events/count', params),
    getEvent: (messageId) => get(`/v1/events/${encodeURIComponent(messageId)}`),
  }
}

async function readAnswer<T>(response: Response): Promise<T> {
  const text = await response.text()
  if (response.ok) return JSON.parse(text) as T
  const detail = detailOf(text) ?? `the server answered ${response.status} ${response.statusText}`
  if (response.status === 400) throw new InvalidError(detail)
  if (response.status === 404) throw new NotFoundError(detail)
  if (response.status === 409) throw new ConflictError(detail)
  if (response.status === 503) throw new TransientError(detail)
  throw new StackTachError('internal', detail)
}

function detailOf(text: string): string | undefined {
  try {
    const { detail } = JSON.parse(text)
    return typeof detail === 'string' ? detail : undefined
  } catch {
    return undefined
  }
}
