import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Refusal } from '../../http/http-service.ts'
import { cleanTarget } from './clean-path.ts'
import type { Counters } from './counters.ts'
import type { Intake, Relay } from './intake.ts'
import { type BodyRead, readMessageBody } from './read-message-body.ts'

export type HttpReceiverOptions = {
  readonly intake: Intake
  /** Publishes a message. Rejects when the broker has not confirmed it. */
  readonly publish: (bytes: Buffer, from: number, end: number) => Promise<void>
  /** Whether the broker was away at the last attempt. */
  readonly isBroken: () => boolean
  /** Tries to reach the broker, unless that was tried just before. Rejects while it is away. */
  readonly connect: () => Promise<void>
  readonly counters: Counters
  readonly mostMessageBytes: number
}

const METHOD = 'Invalid request action! Expected POST.'
const BROKEN = 'Socket read error'
/** Where the original shows its insides. */
const DEBUG = /^\/debug\/(?:vars$|pprof)/
/** The line of a request with a method that Node does not know. */
const OTHER_METHOD = /^[!#$%&'*+\-.^_`|~\w]+ \S+ HTTP\/1\.[01]\r\n/

/** Creates the listener of the HTTP receiver, which relays the message in the body of each POST. */
export function createHttpReceiver(options: HttpReceiverOptions): RequestListener {
  return (request, response) => {
    void serve(options, request, response)
  }
}

/** Answers what is no request for Node as the receiver would: one with another method, or with a body that is cut. */
export const receiverRefusal: Refusal = (error, packet) => {
  const refused = (status: number, message: string, headers: { readonly [name: string]: string } = {}) => ({
    status,
    type: 'application/json',
    body: errorBody(message),
    headers: { 'X-Content-Type-Options': 'nosniff', ...headers },
  })
  if (error.code === 'HPE_INVALID_METHOD' && OTHER_METHOD.test(packet.toString('latin1', 0, 4096)))
    return refused(405, METHOD, { Allow: 'POST' })
  return error.code === 'HPE_INVALID_EOF_STATE' ? refused(500, BROKEN) : undefined
}

async function serve(
  options: HttpReceiverOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { counters } = options
  const target = request.url ?? '/'
  const clean = cleanTarget(target)
  if (clean !== undefined) return redirect(request, response, clean)
  const path = target.split('?')[0] ?? '/'
  if (path === '/health') return sendHealth(options, response)
  if (DEBUG.test(path)) return refuse(response, 404, 'Not found')
  if (request.method !== 'POST') {
    response.setHeader('Allow', 'POST')
    return refuse(response, 405, METHOD)
  }
  counters.add('getPool')
  try {
    await take(options, await readMessageBody(request, options.mostMessageBytes), response)
  } finally {
    counters.add('returnedPool')
  }
}

async function take(options: HttpReceiverOptions, body: BodyRead, response: ServerResponse): Promise<void> {
  const { counters, intake } = options
  counters.add('receivedCount')
  if (body === 'broken') {
    counters.add('errorCount')
    return
  }
  if (body === 'too-large') {
    counters.add('errorCount')
    return refuse(response, 413, `Message too large! Expected at most ${options.mostMessageBytes} bytes.`)
  }
  if (options.isBroken() && !(await isReached(options))) {
    counters.add('refusedCount')
    return refuse(response, 502, 'Invalid NATS connection')
  }
  let published: Promise<void> | undefined
  const relay: Relay = (bytes, from, end) => {
    published = options.publish(bytes, from, end)
  }
  const outcome = body === 'not-gzip' ? 'undecodable' : intake.take(body, 0, body.length, relay)
  if (outcome === 'undecodable') {
    counters.add('errorCount')
    return refuse(response, 400, 'Invalid message sent')
  }
  if (outcome === 'skipped') counters.add('skipped')
  try {
    await published
  } catch {
    counters.add('unpublishedCount')
    return refuse(response, 502, 'Message not published')
  }
  if (outcome === 'relayed') counters.add('publishedCount')
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': 0 }).end()
}

async function isReached({ connect }: HttpReceiverOptions): Promise<boolean> {
  return connect().then(
    () => true,
    () => false,
  )
}

function sendHealth({ isBroken, counters }: HttpReceiverOptions, response: ServerResponse): void {
  if (isBroken()) {
    refuse(response, 502, 'Circuit breaker is flipped!')
    return
  }
  const body = counters.toLine()
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length }).end(body)
}

function redirect({ method }: IncomingMessage, response: ServerResponse, target: string): void {
  const isSeen = method === 'GET' || method === 'HEAD'
  const shown = target.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
  const body = method === 'GET' ? `<a href="${shown}">Moved Permanently</a>.\n\n` : ''
  if (isSeen) response.setHeader('Content-Type', 'text/html; charset=utf-8')
  response.writeHead(301, { Location: target, 'Content-Length': Buffer.byteLength(body) }).end(body)
}

function refuse(response: ServerResponse, status: number, message: string): void {
  const body = errorBody(message)
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'X-Content-Type-Options': 'nosniff',
    'Content-Length': Buffer.byteLength(body),
  })
  response.end(body)
}

/** Returns the body of a refusal, with the blanks of the original. */
function errorBody(message: string): string {
  return `{"status": "error", "message": ${JSON.stringify(message)}}\n`
}
