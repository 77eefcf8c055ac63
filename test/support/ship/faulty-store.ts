import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a store does to the objects of a container: `forget` says that it has stored what it has not. */
export type StoreFault = 'unavailable' | 'stall' | 'lie' | 'close' | 'forget'

/** A proxy before a real store of HTTP, which is the store to its clients and fails as it is told. */
export class FaultyStore {
  readonly #server: Server
  readonly #store: URL
  /** what goes wrong with requests whose path holds `/objects/` */
  fault: StoreFault | undefined
  /** how many requests went wrong */
  faults = 0

  private constructor(store: string) {
    this.#store = new URL(store)
    this.#server = createServer((incoming, response) => this.#take(incoming, response))
  }

  static async start(store: string): Promise<FaultyStore> {
    const faulty = new FaultyStore(store)
    await new Promise<void>((resolve) => faulty.#server.listen(0, '127.0.0.1', resolve))
    return faulty
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #take(incoming: IncomingMessage, response: ServerResponse): void {
    const isOfObject = incoming.url?.includes('/objects/') === true
    const { fault } = this
    if (!isOfObject || fault === undefined)
      return void this.#forward(incoming, response, (headers) => headers)
    this.faults++
    if (fault === 'lie') return void this.#forward(incoming, response, lying)
    const isPut = incoming.method === 'PUT'
    if (fault === 'stall') return void incoming.resume()
    if (fault === 'close')
      return void incoming.once(isPut ? 'data' : 'end', () => incoming.destroy()).resume()
    if (fault === 'forget' && isPut) return void this.#pretend(incoming, response)
    if (fault === 'forget') return void this.#forward(incoming, response, (headers) => headers)
    incoming.resume()
    response.writeHead(503).end('try again')
  }

  /** Sends a request on, with its host as it is: the store takes this address for its own. */
  #forward(
    incoming: IncomingMessage,
    response: ServerResponse,
    change: (headers: IncomingMessage['headers']) => IncomingMessage['headers'],
  ): void {
    const { hostname, port } = this.#store
    const { method, url, headers } = incoming
    const outgoing = request({ hostname, port, method, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, change(answer.headers))
      answer.pipe(response)
    })
    outgoing.on('error', () => response.destroy())
    incoming.pipe(outgoing)
  }

  /** Answers as the store does that has stored an object. */
  #pretend(incoming: IncomingMessage, response: ServerResponse): void {
    const md5 = incoming.headers['content-md5']
    const etag =
      md5 === undefined ? incoming.headers.etag : Buffer.from(String(md5), 'base64').toString('hex')
    incoming.resume().once('end', () => {
      response.writeHead(incoming.url?.includes('/v1/') ? 201 : 200, { etag: `"${etag}"` }).end()
    })
  }
}

function lying(headers: IncomingMessage['headers']): IncomingMessage['headers'] {
  return headers.etag === undefined ? headers : { ...headers, etag: `"${'0'.repeat(32)}"` }
}
