import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { InvalidError, messageOf } from '../../domain/errors.ts'
import { isOwnName } from '../../http/is-own-name.ts'
import { printable } from '../../text/printable.ts'
import type { StatusClock } from '../status-clock.ts'
import { parseModel } from '../tree/decode.ts'
import { parseQuery } from '../tree/query.ts'
import type { StatusModel } from '../tree/status-model.ts'
import { type Form, formOf, serve } from './forms.ts'
import { type BodyRoom, type ReadBody, readBody } from './read-body.ts'
import { PLAIN, refuse, sendText } from './send-text.ts'
import { type PermissionOf, permissions, type StatusTokens } from './status-access.ts'
import { streamChanges } from './stream-changes.ts'
import { waitForChange } from './wait-for-change.ts'

export type HandlerOptions = {
  readonly model: StatusModel
  readonly clock: StatusClock
  readonly tokens?: StatusTokens
  /** whether requests under any host name are served; by default, without tokens, only under those of this machine */
  readonly anyHost?: boolean
  /** host on which the server listens, whose name is taken too */
  readonly host?: string | undefined
  /** largest body of a POST, bytes */
  readonly largestBody?: number
}

const LARGEST_BODY = 8 * 1024 * 1024
const LARGEST_BODIES = 32 * 1024 * 1024
const METHODS = 'GET, HEAD, POST, OPTIONS'

type Server = {
  readonly model: StatusModel
  readonly clock: StatusClock
  readonly permissionOf: PermissionOf
  readonly isServed: (request: IncomingMessage) => boolean
  readonly largestBody: number
  readonly room: BodyRoom
}

/** Creates the handler of the protocol for any HTTP server of Node. Each path is the same to it. */
export function createStatusHandler(options: HandlerOptions): RequestListener {
  const { model, clock, tokens = {}, anyHost = false, host, largestBody = LARGEST_BODY } = options
  const hasTokens = [tokens.read, tokens.write, Object.values(tokens.children ?? {})].some(
    (all) => all?.length,
  )
  const server: Server = {
    model,
    clock,
    permissionOf: permissions(tokens),
    isServed: (request) => anyHost || hasTokens || hasOwnName(request, host),
    largestBody,
    room: { used: 0, most: Math.max(LARGEST_BODIES, largestBody) },
  }
  return (request, response) => {
    handle(server, request, response).catch((error) => {
      if (response.headersSent) response.destroy()
      else refuse(response, 500, printable(messageOf(error)))
    })
  }
}

async function handle(server: Server, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const query = parseQuery(request.url ?? '')
  const { method = '' } = request
  if (!server.isServed(request))
    return refuse(response, 403, 'without tokens, only requests to a name of this machine are served')
  const permission = server.permissionOf(request, query.get('token'))
  if (!permission) {
    response.setHeader('www-authenticate', 'Bearer realm="status"')
    return refuse(response, 401, 'expected a valid token in the header Authorization, scheme Bearer')
  }
  if (method === 'GET' || method === 'HEAD') return get(server, request, response, query)
  if (method === 'POST' && permission.mayWrite) return post(server, request, response, permission.prefix)
  if (method === 'POST') return refuse(response, 403, 'this token may read; POST needs one that may write')
  response.setHeader('allow', METHODS)
  if (method === 'OPTIONS') return sendText(response, 204, PLAIN, '')
  refuse(response, 405, `expected ${METHODS}, found ${printable(method)}`)
}

async function get(
  { model, clock }: Server,
  request: IncomingMessage,
  response: ServerResponse,
  query: ReadonlyMap<string, string>,
): Promise<void> {
  let form: Form
  try {
    form = formOf(request, query)
  } catch (error) {
    if (error instanceof InvalidError) return refuse(response, 400, printable(error.message))
    throw error
  }
  if (form.type === 'events') return streamChanges(response, { model, clock, filter: form.filter })
  if (form.wait !== undefined) await waitForChange(response, { model, clock, index: form.wait })
  if (!response.destroyed) serve(response, model, form)
}

async function post(
  { model, largestBody, room }: Server,
  request: IncomingMessage,
  response: ServerResponse,
  prefix: string | undefined,
): Promise<void> {
  const type = (request.headers['content-type'] ?? '').trim()
  if (!/^application\/json\s*(?:;|$)/i.test(type)) {
    model.refuse('body')
    return refuse(
      response,
      400,
      `expected Content-Type application/json, found ${type === '' ? 'none' : printable(type)}`,
    )
  }
  const body = await readBody(request, largestBody, room)
  if (!Buffer.isBuffer(body)) return refuseBody({ request, response }, model, body, largestBody)
  try {
    const refused = model.take(parseModel(body), { prefix })
    if (refused > 0) response.setHeader('status-refused', refused)
    sendText(response, 200, PLAIN, '')
  } catch (error) {
    if (!(error instanceof InvalidError)) throw error
    model.refuse('body')
    refuse(response, 400, printable(error.message))
  }
}

/** How long the rest of a body is thrown away so that its sender can read the answer, ms. */
const GRACE_MS = 500

function refuseBody(
  { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse },
  model: StatusModel,
  reason: Exclude<ReadBody, Buffer>,
  largest: number,
): void {
  model.refuse('body')
  if (reason === 'cut') return void response.destroy()
  const sentence =
    reason === 'no_room'
      ? 'too many bodies are being read; try again'
      : `the body is larger than ${largest} bytes`
  const headers = {
    connection: 'close',
    'content-type': PLAIN,
    'content-length': Buffer.byteLength(sentence),
  }
  response.writeHead(reason === 'no_room' ? 503 : 413, headers).write(sentence)
  const end = () => {
    clearTimeout(timer)
    response.end()
  }
  const timer = setTimeout(end, GRACE_MS)
  request.once('end', end).resume()
}

/** Pages of other hosts can make a browser send requests here, but then under a foreign name or with their origin. */
function hasOwnName({ headers: { host = '', origin } }: IncomingMessage, configured?: string): boolean {
  const page = origin?.replace(/^https?:\/\//i, '') || undefined
  return isOwnName(host, configured) && (page === undefined || isOwnName(page, configured))
}
