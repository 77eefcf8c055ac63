import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { SecureContextOptions } from 'node:tls'

/** What a store does to the objects of a container: `forget` says that it has stored what it has not. */
export type StoreFault = 'unavailable' | 'stall' | 'lie' | 'close' | 'forget'

/** A proxy before a real store of HTTP, which is the store to its clients and fails as it is told. */
export class FaultyStore {
  readonly #server: Server | TlsServer
  readonly #protocol: 'http' | 'https'
  readonly #store: URL
  /** what goes wrong with requests whose path holds `/objects/` */
  fault: StoreFault | undefined
  /** how many requests went wrong */
  faults = 0

  private constructor(store: string, tls: SecureContextOptions | undefined) {
    this.#store = new URL(store)
    const take = (incoming: IncomingMessage, response: ServerResponse) => this.#take(incoming, response)
    this.#protocol = tls ? 'https' : 'http'
    this.#server = tls ? createTlsServer(tls, take) : createServer(take)
  }

  /** Listens at an address of this machine before a store, with TLS where there is a certificate. */
  static async start(store: string, host = '127.0.0.1', tls?: SecureContextOptions): Promise<FaultyStore> {
    const faulty = new FaultyStore(store, tls)
    await new Promise<void>((resolve) => faulty.#server.listen(0, host, resolve))
    return faulty
  }

  get url(): string {
    const { address, port } = this.#server.address() as AddressInfo
    return `${this.#protocol}://${address}:${port}`
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
      const { 'x-storage-url': account, ...others } = change(answer.headers)
      const own =
        account === undefined ? {} : { 'x-storage-url': `${this.url}${new URL(String(account)).pathname}` }
      response.writeHead(answer.statusCode ?? 502, { ...others, ...own })
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
