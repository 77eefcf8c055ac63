import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { goJsonText } from '../../text/go-json-text.ts'
import type { EventFeed } from './event-feed.ts'

/** Whether a page of this origin may be served. */
export type OriginCheck = (origin: string | undefined) => boolean

export type ProxyAppOptions = {
  readonly feed: EventFeed
  readonly isAllowed: OriginCheck
  /** Whether a request shows the token, where one is needed. */
  readonly hasToken: (request: IncomingMessage) => boolean
}

/** `/statistics` is ours. */
const PATHS = ['/config', '/statistics', '/messages']

/** Creates the listener of the statistics daemon; `/messages` is a websocket and is served elsewhere. */
export function createProxyApp({ feed, isAllowed, hasToken }: ProxyAppOptions): RequestListener {
  return (request, response) => {
    const path = (request.url ?? '/').split('?')[0]
    if (!PATHS.includes(path ?? '')) return refuse(response, 404, '404 page not found\n')
    const { origin } = request.headers
    response.setHeader('Access-Control-Allow-Methods', 'GET')
    if (!isAllowed(origin)) return refuse(response, 403, 'Forbidden\n')
    response.setHeader('Access-Control-Allow-Origin', '*')
    if (!hasToken(request)) return refuse(response, 401, 'Unauthorized\n')
    if (path === '/messages') {
      response.setHeader('Sec-Websocket-Version', '13')
      return refuse(response, 400, 'Bad Request\n')
    }
    const body =
      path === '/config' ? configText(feed.seen()) : JSON.stringify(feed.window.read(Date.now() / 1000))
    response
      .writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) })
      .end(body)
  }
}

function refuse(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, {
    'Content-Type': 'text/plain; charset=utf-8',
    'X-Content-Type-Options': 'nosniff',
    'Content-Length': Buffer.byteLength(body),
  })
  response.end(body)
}

/** Returns types of metrics and their senders as JSON, sorted, with the escapes of Go. */
function configText(seen: ReadonlyMap<string, ReadonlySet<string>>): string {
  const types = [...seen.keys()].sort().map((type) => {
    const senders = [...(seen.get(type) ?? [])].sort().map((sender) => `${goJsonText(sender)}:true`)
    return `${goJsonText(type)}:{${senders.join(',')}}`
  })
  return `{${types.join(',')}}`
}
