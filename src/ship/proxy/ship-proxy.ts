import { createServer, type Socket } from 'node:net'
import { messageOf, StackTachError } from '../../domain/errors.ts'
import type { Service } from '../../runtime/lifecycle.ts'
import type { ListenAddress } from '../../runtime/listen-address.ts'
import type { Logger } from '../../runtime/logger.ts'
import { isAmongDigests, tokenDigest } from '../../runtime/token-digest.ts'
import { Backend, type BackendSettings, type Resolve, resolveHost } from './backend.ts'
import { type ConnectLimits, connectFirst } from './connect-first.ts'
import { type ConnectRequest, endOfHead, parseRequestHead } from './request-head.ts'
import { joinSockets } from './tunnel.ts'

export type ShipProxySettings = {
  readonly listen: ListenAddress
  readonly backends: readonly BackendSettings[]
  /** tokens of which a client must send one; none is asked for where there are none */
  readonly tokens?: readonly string[]
  readonly limits?: Partial<ProxyLimits>
}

export type ProxyLimits = ConnectLimits & {
  /** longest time without a byte in either direction of a tunnel, ms */
  readonly idleMs: number
  /** longest wait for the head of a request, ms */
  readonly headMs: number
  /** most connections at a time */
  readonly mostConnections: number
}

const LIMITS: ProxyLimits = {
  connectMs: 5000,
  totalMs: 15_000,
  idleMs: 45_000,
  headMs: 10_000,
  mostConnections: 10_000,
}
/** Longest head of a request, bytes. */
const LONGEST_HEAD = 80 * 1024
/** How long a client has to take a refusal, ms. */
const LAST_MS = 2000
/** How long tunnels may go on after the proxy was told to stop, ms. */
const STOP_MS = 10_000
/** Period of TCP keep-alive, ms. */
const KEEP_ALIVE_MS = 8000

const PHRASES: { readonly [status: number]: string } = {
  400: 'Bad Request',
  403: 'Forbidden',
  405: 'Method Not Allowed',
  407: 'Proxy Authentication Required',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
}

/** A proxy that lets connections through to its backends only, by the method CONNECT. */
export class ShipProxy implements Service {
  readonly backends: readonly Backend[]
  readonly #settings: ShipProxySettings
  readonly #limits: ProxyLimits
  readonly #logger: Logger
  readonly #server
  readonly #sockets = new Set<Socket>()
  /** of the tokens that let clients through */
  readonly #digests: readonly Buffer[]
  /** clients that were refused, by status */
  readonly refusals = new Map<number, number>()
  #tunnels = 0

  constructor(settings: ShipProxySettings, logger: Logger, resolve: Resolve = resolveHost) {
    this.#settings = settings
    this.#limits = { ...LIMITS, ...settings.limits }
    this.#logger = logger
    this.#digests = (settings.tokens ?? []).map(tokenDigest)
    this.backends = settings.backends.map((one) => new Backend(one, resolve))
    this.#server = createServer(
      { allowHalfOpen: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS },
      (socket) => this.#take(socket),
    )
    this.#server.maxConnections = this.#limits.mostConnections
  }

  /** how many tunnels are open */
  get tunnels(): number {
    return this.#tunnels
  }

  async start(): Promise<void> {
    const { host, port } = this.#settings.listen
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error) =>
        reject(new StackTachError('config', `cannot listen on ${host}:${port}: ${messageOf(error)}`)),
      )
      this.#server.listen(port, host, resolve)
    })
    this.#logger.info(
      { backends: this.backends.map(({ name }) => name) },
      `lets connections through at ${host}:${this.port}`,
    )
  }

  /** the port on which it listens */
  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address ? address.port : 0
  }

  /** Takes no more clients, and ends the tunnels that are still open after 10 s. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    const timer = setTimeout(() => {
      for (const socket of this.#sockets) socket.resetAndDestroy()
    }, STOP_MS)
    await closed
    clearTimeout(timer)
  }

  #take(client: Socket): void {
    this.#sockets.add(client)
    client.once('close', () => this.#sockets.delete(client))
    client.on('error', () => {})
    const timer = setTimeout(() => client.destroy(), this.#limits.headMs)
    client.once('close', () => clearTimeout(timer))
    let head = Buffer.alloc(0)
    const read = (chunk: Buffer | string) => {
      head = Buffer.concat([head, Buffer.from(chunk as Buffer)])
      const text = head.toString('latin1')
      const end = endOfHead(text)
      if (end < 0 && head.length <= LONGEST_HEAD) return
      client.off('data', read)
      clearTimeout(timer)
      client.pause()
      if (end < 0 || end > LONGEST_HEAD) return void client.destroy()
      this.#serve(client, text.slice(0, end), head.subarray(end)).catch((error) => {
        this.#logger.error({}, `a client was dropped: ${messageOf(error)}`)
        client.destroy()
      })
    }
    client.on('data', read)
    // A client that ends before its request is whole has nothing to wait for.
    client.once('end', () => {
      if (client.listeners('data').includes(read)) client.destroy()
    })
  }

  async #serve(client: Socket, head: string, rest: Buffer): Promise<void> {
    const request = parseRequestHead(head)
    if (request.kind === 'garbage') return void client.destroy()
    if (request.kind === 'bad')
      return void this.#refuse(client, request.version, request.status, request.reason)
    const { version, host, port } = request
    if (!this.#isKnown(request))
      return void this.#refuse(
        client,
        version,
        407,
        'expected a valid token in the header Proxy-Authorization',
      )
    const backend = this.backends.find((one) => one.settings.host === host && one.settings.port === port)
    // To a client that has shown a token it is a bad request, as in hermes.
    const refusal = this.#digests.length > 0 ? 400 : 403
    if (!backend) return void this.#refuse(client, version, refusal, `${host}:${port} is none of the targets`)
    await this.#connect(client, backend, version, rest)
  }

  async #connect(client: Socket, backend: Backend, version: string, rest: Buffer): Promise<void> {
    const leaving = new AbortController()
    const leave = () => leaving.abort()
    client.once('close', leave)
    // A paused socket notices a reset only when something is read or written.
    client.once('error', leave)
    let outcome: Awaited<ReturnType<typeof connectFirst>>
    try {
      const addresses = await backend.inTurn()
      outcome = await connectFirst(addresses, backend.settings.port, this.#limits, leaving.signal)
    } catch (error) {
      outcome = { status: 503, reason: messageOf(error) }
    }
    if ('status' in outcome) {
      backend.add({ refused: 1 })
      if (!client.destroyed) this.#refuse(client, version, outcome.status, outcome.reason)
      return
    }
    if (client.destroyed) return void outcome.destroy()
    client.off('close', leave)
    client.off('error', leave)
    this.#open(client, outcome, backend, version, rest)
  }

  #open(client: Socket, socket: Socket, backend: Backend, version: string, rest: Buffer): void {
    this.#tunnels++
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    backend.add({ opened: 1, bytesOut: rest.length })
    client.write(`HTTP/${version} 200 Connection Established\r\n\r\n`)
    if (rest.length > 0) socket.write(rest)
    joinSockets(client, socket, this.#limits.idleMs, {
      bytesOut: (count) => backend.add({ bytesOut: count }),
      bytesIn: (count) => backend.add({ bytesIn: count }),
      ended: (end) => {
        this.#tunnels--
        if (end !== 'closed') this.#logger.debug({ backend: backend.name }, `a tunnel has ended: ${end}`)
      },
    })
  }

  #refuse(client: Socket, version: string, status: number, reason: string): void {
    const before = this.refusals.get(status) ?? 0
    this.refusals.set(status, before + 1)
    // One line for the first of its kind, not one for each client that tries again and again.
    if (before === 0) this.#logger.warn({ status, client: client.remoteAddress }, `refused: ${reason}`)
    else this.#logger.debug({ status, client: client.remoteAddress }, `refused: ${reason}`)
    const body = `${reason}\n`
    const challenge = status === 407 ? 'proxy-authenticate: Bearer realm="stacktach"\r\n' : ''
    const allow = status === 405 ? 'allow: CONNECT\r\n' : ''
    const length = `content-type: text/plain; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\n`
    client.resume()
    client.end(
      `HTTP/${version} ${status} ${PHRASES[status]}\r\n${challenge}${allow}${length}connection: close\r\n\r\n${body}`,
    )
    const timer = setTimeout(() => client.destroy(), LAST_MS)
    client.once('close', () => clearTimeout(timer))
    client.once('finish', () => client.destroySoon())
  }

  #isKnown({ authorization = '' }: ConnectRequest): boolean {
    if (this.#digests.length === 0) return true
    return isAmongDigests(this.#digests, tokenDigest(tokenOf(authorization)))
  }
}

/** Returns the token of `Bearer TOKEN`, or the password of the scheme Basic. */
function tokenOf(authorization: string): string {
  const [scheme = '', value = ''] = authorization.split(/\s+/)
  if (scheme.toLowerCase() === 'bearer') return value
  if (scheme.toLowerCase() !== 'basic') return ''
  const pair = Buffer.from(value, 'base64').toString()
  return pair.slice(pair.indexOf(':') + 1)
}
