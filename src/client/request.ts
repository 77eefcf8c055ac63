import { setTimeout as setDeadline } from 'node:timers'
import { setTimeout } from 'node:timers/promises'
import {
  ConflictError,
  causeOf,
  InvalidError,
  messageOf,
  NotFoundError,
  StackTachError,
  TransientError,
} from '../domain/errors.ts'
import { parseJson, stringifyJson } from '../text/json.ts'
import { splitCredentials } from '../text/url-credentials.ts'
import type { SentParams } from './query.ts'

/** A request as it is passed to `onRequest`, for --debug. */
export type SentRequest = { readonly method: string; readonly url: string; readonly params: SentParams }

export type RequestOptions = {
  readonly url: string
  readonly token: string | undefined
  readonly timeoutMs: number
  readonly retries: number
  readonly onRequest: ((request: SentRequest) => void) | undefined
}

type Sent = {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE'
  readonly path: string
  readonly params?: SentParams
  /** a value that is sent as JSON, or bytes */
  readonly body?: object | Uint8Array | undefined
  readonly headers?: { readonly [name: string]: string }
  /** how the answer is returned (`json`); a `response` may be read for ever, once it has begun */
  readonly as?: 'json' | 'bytes' | 'response'
  readonly signal?: AbortSignal | undefined
}

const TOO_MANY = 429

/**
 * Creates the function that sends requests and reads their answers. Reading requests are sent again when
 * there was no answer, or 503 or 429.
 */
export function createRequester(options: RequestOptions) {
  const { base, credentials } = partsOf(options.url)
  const authorization = options.token === undefined ? credentials : `Bearer ${options.token}`

  return async function request<T>({
    method,
    path,
    params = {},
    body,
    headers = {},
    as = 'json',
    signal,
  }: Sent): Promise<T> {
    const url = new URL(`${base}${path}`)
    for (const [name, value] of Object.entries(params)) url.searchParams.set(name, value)
    const retries = method === 'GET' ? options.retries : 0
    for (let failures = 0; ; failures++) {
      options.onRequest?.({ method, url: `${base}${path}`, params })
      try {
        const response = await send(url, { method, body, headers, as, signal })
        if (!response.ok || as === 'json') return await answerOf<T>(response)
        return (as === 'bytes' ? await bytesOf(response) : response) as T
      } catch (error) {
        signal?.throwIfAborted()
        if (!(error instanceof TransientError) || failures >= retries) throw error
        await pause(waitAfter(failures, error), signal)
      }
    }
  }

  async function send(
    url: URL,
    { method, body, headers, as, signal }: Omit<Sent, 'path'>,
  ): Promise<Response> {
    const deadline = new AbortController()
    const timer = setDeadline(() => deadline.abort(), options.timeoutMs)
    try {
      const response = await fetch(url, {
        method,
        headers: { ...headers, ...(authorization === undefined ? {} : { authorization }), ...typeOf(body) },
        ...(body === undefined
          ? {}
          : { body: body instanceof Uint8Array ? Buffer.from(body) : stringifyJson(body) }),
        signal: signal ? AbortSignal.any([signal, deadline.signal]) : deadline.signal,
      })
      // Any other body has to come within the time-out too.
      if (as === 'response') clearTimeout(timer)
      return response
    } catch (error) {
      signal?.throwIfAborted()
      const cause = causeOf(error) ?? error
      const reason = deadline.signal.aborted
        ? `no answer within ${options.timeoutMs / 1000} s`
        : messageOf(cause)
      throw new TransientError(`${url.origin} does not answer: ${reason}`, { cause: error })
    }
  }
}

function typeOf(body: Sent['body']): { readonly [header: string]: string } {
  if (body === undefined) return {}
  return { 'content-type': body instanceof Uint8Array ? 'application/octet-stream' : 'application/json' }
}

async function bytesOf(response: Response): Promise<Buffer> {
  return reading(response, async () => Buffer.from(await response.arrayBuffer()))
}

function partsOf(url: string): { readonly base: string; readonly credentials: string | undefined } {
  const { bare, authorization } = splitCredentials(url, decoded)
  bare.search = ''
  bare.hash = ''
  return { base: bare.href.replace(/\/+$/, ''), credentials: authorization }
}

/** Decodes percent-encoding; returns the text unchanged where it is not encoded correctly. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** Thrown when the server asks to come back later, after `waitMs`. */
class ComeBackLater extends TransientError {
  readonly waitMs: number

  constructor(message: string, waitMs: number) {
    super(message)
    this.waitMs = waitMs
  }
}

/** Longest wait in ms: the server counts its limits by the minute, which is over by then. */
const LONGEST_WAIT_MS = 65_000

const FIRST_WAIT_MS = 200

/**
 * Returns the next wait in ms. It doubles with each failure, is shortened by up to half at random, and lasts
 * at least as long as the server says.
 */
function waitAfter(failures: number, error: TransientError): number {
  const asked = error instanceof ComeBackLater ? error.waitMs : 0
  const growing = FIRST_WAIT_MS * 2 ** failures * (1 - Math.random() / 2)
  return Math.min(Math.max(growing, asked), LONGEST_WAIT_MS)
}

/** Rejects with the signal's reason when it aborts. */
async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await setTimeout(ms, undefined, signal ? { signal } : {})
  } catch {
    signal?.throwIfAborted()
  }
}

async function answerOf<T>(response: Response): Promise<T> {
  const text = await textOf(response)
  if (response.ok) return parsed<T>(text)
  const detail = detailOf(text) ?? `the server answered ${response.status} ${response.statusText}`
  switch (response.status) {
    case 400:
      throw new InvalidError(detail)
    case 404:
      throw new NotFoundError(detail)
    case 409:
      throw new ConflictError(detail)
    case 503:
      throw new TransientError(detail)
    case TOO_MANY:
      throw new ComeBackLater(detail, (Number(response.headers.get('retry-after')) || 0) * 1000)
    case 401:
    case 403:
      throw new StackTachError('unauthorized', detail)
    default:
      throw new StackTachError('internal', detail)
  }
}

function textOf(response: Response): Promise<string> {
  return reading(response, () => response.text())
}

/** Reads an answer. Rejects with TransientError where the server breaks it off. */
async function reading<T>(response: Response, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    throw new TransientError(`${new URL(response.url).origin} broke off its answer: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

function parsed<T>(text: string): T {
  if (text === '') return undefined as T
  try {
    return parseJson(text) as T
  } catch {
    throw new StackTachError('internal', 'the answer of the server is not JSON; is it the API of StackTach?')
  }
}

function detailOf(text: string): string | undefined {
  try {
    const { detail } = JSON.parse(text)
    return typeof detail === 'string' ? detail : undefined
  } catch {
    return undefined
  }
}
