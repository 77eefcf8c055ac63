import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { refuseUpgrade } from '../../http/refuse-upgrade.ts'
import type { EventFeed } from './event-feed.ts'
import type { OriginCheck } from './proxy-app.ts'

/** Events that may wait for a slow client; more are dropped for it. */
const MOST_WAITING = 500
/** Largest message that a client may send, bytes. */
const MOST_BYTES = 4096
/** How often clients are asked whether they are still there, ms. */
const PING_MS = 30_000

export type MessageSocketsOptions = {
  readonly feed: EventFeed
  readonly isAllowed: OriginCheck
  readonly hasToken: (request: IncomingMessage) => boolean
  readonly mostClients: number
}

/** Serves `/messages`: the last events and then each new one, a text frame each, exactly as it came. */
export class MessageSockets {
  readonly #options: MessageSocketsOptions
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: MOST_BYTES, perMessageDeflate: false })
  readonly #timer: NodeJS.Timeout
  readonly #silent = new WeakSet<WebSocket>()

  constructor(options: MessageSocketsOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.#ping(), PING_MS).unref()
  }

  /** Takes a request to change the protocol. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const refusal = this.#refusalOf(request)
    if (refusal !== undefined) refuseUpgrade(socket, refusal)
    else this.#server.handleUpgrade(request, socket, head, (client) => this.#serve(client))
  }

  /** Returns the status of a refusal; undefined where there is none. */
  #refusalOf(request: IncomingMessage): number | undefined {
    const { isAllowed, hasToken, mostClients } = this.#options
    if ((request.url ?? '/').split('?')[0] !== '/messages') return 404
    if (!isAllowed(request.headers.origin)) return 403
    if (!hasToken(request)) return 401
    return this.#server.clients.size >= mostClients ? 503 : undefined
  }

  close(): void {
    clearInterval(this.#timer)
    for (const client of this.#server.clients) client.close(1001)
    this.#server.close()
  }

  #serve(client: WebSocket): void {
    let waiting = 0
    const leave = this.#options.feed.follow((event) => {
      if (waiting >= MOST_WAITING) return
      waiting++
      client.send(event, { binary: false }, () => waiting--)
    })
    client.on('pong', () => this.#silent.delete(client))
    client.on('error', () => client.terminate())
    client.once('close', leave)
  }

  #ping(): void {
    for (const client of this.#server.clients) {
      if (this.#silent.has(client)) client.terminate()
      else {
        this.#silent.add(client)
        client.ping()
      }
    }
  }
}
