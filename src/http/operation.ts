import type { Express, Request, RequestHandler, Response } from 'express'
import type { z } from 'zod'
import { requireWriter } from './access.ts'
import { type AnswerMemory, createAnswerMemory, type Held } from './answer-memory.ts'
import { EventStream, sendEvents } from './event-stream.ts'
import { sendHttpProblem } from './http-problem.ts'
import { readParams } from './params.ts'
import { bytesBody, readBody } from './request-body.ts'
import { sendJson } from './send-json.ts'
import { PlainBytes, StreamedAnswer, sendStreamed } from './streamed-answer.ts'
import { TooSlowError } from './too-slow-error.ts'

type Params = z.ZodObject

/** A checked request; `signal` aborts when nobody waits for the answer any more. */
export type Asked<Q extends Params, P extends Params, B extends z.ZodType = z.ZodType> = {
  readonly query: z.output<Q>
  readonly path: z.output<P>
  /** the body, by its schema; bytes where the operation takes those */
  readonly body: z.output<B>
  /** name of the token of the request; null where the server needs none */
  readonly token: string | null
  /** path and parameters as they were asked for */
  readonly url: string
  readonly headers: Request['headers']
  readonly signal: AbortSignal
  /** memory that the answer may hold, to be asked for before anything large is read */
  readonly limits: AnswerLimits
}

export type AnswerLimits = {
  /** most bytes of traits in one page */
  readonly maxBytes: number
  /** Resolves when the answer may hold `bytes` instead of what it held before. */
  readonly admit: (bytes: number) => Promise<void>
}

const PAGE_BYTES = 4 * 1024 * 1024

/** The sentence about lists in the OpenAPI document. */
export const ENDS_EARLY =
  'a page ends early where its traits take more than 4 MB. The `_mark` of its last row, or the header `Link` with `rel="next"`, continues without a gap; only an empty page is the last'

/**
 * One operation of the API: its parameters, its answer, what it does, and its description in /openapi.json.
 */
export type Operation<
  Q extends Params = Params,
  P extends Params = Params,
  B extends z.ZodType = z.ZodType,
> = {
  readonly method: 'get' | 'put' | 'post' | 'delete'
  /** path in the form of OpenAPI: `/v1/streams/{id}` */
  readonly path: string
  readonly summary: string
  readonly query: Q
  readonly params: P
  /** schema of a JSON body that it needs, or of the bytes that it takes (see `bytesBody`) */
  readonly body?: B | undefined
  /** whether it takes a token that may write, although it only reads (false) */
  readonly needsWriting?: boolean | undefined
  /** schema of the answer; undefined: the answer has no body */
  readonly answer: z.ZodType | undefined
  /** type of the answer (`application/json`) */
  readonly contentType?: string | undefined
  /** descriptions of its failures by status, beside those that all operations have */
  readonly httpProblems: { readonly [status: number]: string }
  /** Returns the answer, or a StreamedAnswer. */
  run(asked: Asked<Q, P, B>): Promise<unknown>
}

/** Returns an operation whose `run` gets its parameters in the types of their schemas. */
export function operation<Q extends Params, P extends Params, B extends z.ZodType>(
  described: Operation<Q, P, B>,
): Operation {
  return described as unknown as Operation
}

/** Returns whether one of the operations takes bytes at a path. */
export function takesBytes(operations: readonly Operation[]): (path: string) => boolean {
  const paths = operations
    .filter(({ body }) => body === bytesBody)
    .map(({ path }) => new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`))
  return (path) => paths.some((one) => one.test(path))
}

/**
 * Adds the routes of operations to an app; other methods of their paths get 405 and the header Allow.
 *
 * @example
 * mount(app, streamOperations(store), DEFAULT_LIMITS.queryTimeoutMs)
 */
export function mount(app: Express, operations: readonly Operation[], timeoutMs: number): void {
  const memory = createAnswerMemory()
  for (const one of operations) app[one.method](expressPath(one.path), serving(one, timeoutMs, memory))
  for (const [path, alike] of Map.groupBy(operations, (one) => one.path)) {
    const methods = alike.map(({ method }) => method.toUpperCase())
    const allowed = ['GET', 'HEAD', 'OPTIONS', ...methods.filter((method) => method !== 'GET')].join(', ')
    app.all(expressPath(path), otherMethods(allowed))
  }
}

function expressPath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1')
}

function serving(one: Operation, timeoutMs: number, memory: AnswerMemory): RequestHandler {
  return async (request, response) => {
    const query = readParams(one.query, request.query)
    const path = readParams(one.params, request.params)
    if (one.needsWriting) requireWriter(response)
    const body = one.body && readBody(one.body, request)
    const { headers } = request
    const token: string | null = response.locals.tokenName ?? null
    const isReading = one.method === 'get'
    const held = memory.of(response)
    const limits = limitsOf(held)
    const answer = await inTime(response, timeoutMs, isReading, (signal) =>
      one.run({ query, path, body, token, url: request.url, headers, signal, limits }),
    )
    if (response.destroyed) return
    if (answer instanceof EventStream) await sendEvents(request, response, answer)
    else if (answer instanceof StreamedAnswer) {
      if (answer.next !== undefined) response.set('link', `<${urlOfNext(request, answer.next)}>; rel="next"`)
      await sendStreamed(response, answer, held)
    } else if (answer instanceof PlainBytes) response.type('application/octet-stream').send(answer.bytes)
    else if (one.answer) sendJson(response, answer)
    else response.status(200).end()
  }
}

function limitsOf(held: Held): AnswerLimits {
  return { maxBytes: PAGE_BYTES, admit: (bytes) => held.hold(bytes) }
}

/** Returns a reference, relative to this request, to the same list from a mark on. */
function urlOfNext({ url }: Request, mark: string): string {
  const params = new URLSearchParams(url.split('?')[1] ?? '')
  params.set('mark', mark)
  return `?${params}`
}

/**
 * Aborts `work` after the time-out and when the client disconnects. After the time-out, reads reject at once
 * with TooSlowError; changes only when they are known to have been rolled back.
 */
async function inTime<T>(
  response: Response,
  timeoutMs: number,
  isReading: boolean,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const ending = new AbortController()
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    if (isReading) {
      const message = `the answer takes longer than ${timeoutMs / 1000} s (query_timeout_s); ask for less`
      late.reject(new TooSlowError(message))
    }
    ending.abort()
  }, timeoutMs)
  // Kept after the work has ended: what is read while the answer is sent ends with the connection too.
  response.once('close', () => ending.abort())
  try {
    const working = work(ending.signal)
    working.catch(() => {})
    return await Promise.race([working, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

/** Returns a handler that sends the allowed methods in the header Allow: 204 for OPTIONS, else 405. */
export function otherMethods(allowed: string): RequestHandler {
  return (request: Request, response: Response) => {
    response.set('allow', allowed)
    if (request.method === 'OPTIONS') response.status(204).end()
    else sendHttpProblem(response, 405, `${request.method} is not allowed for ${request.path}`)
  }
}
