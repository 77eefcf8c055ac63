import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  STATUS_CODES,
} from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { Duplex } from 'node:stream'
import type { SecureContextOptions, TlsOptions } from 'node:tls'

import { messageOf, StackTachError } from '../domain/errors.ts'
import type { Service } from '../runtime/lifecycle.ts'
import type { ListenAddress } from '../runtime/listen-address.ts'
import { answerAndClose, GRACE_MS } from './answer-and-close.ts'
import { type ConnectionLimits, inTurn, limitConnections } from './connections.ts'
import { httpProblemBody } from './http-problem-body.ts'
import { noteStopping } from './stopping.ts'

export type HttpService = Service & {
  /**
   * Returns the address on which the started service listens; for port 0 with the free port that was chosen.
   */
  readonly address: () => ListenAddress
  /** Shows another certificate to those who connect from now on; without effect where HTTPS is not spoken. */
  readonly renew: (certificate: SecureContextOptions) => void
}

/** Limits for slow clients, so that none holds a connection for ever; times in ms, sizes in bytes. */
const SLOWNESS = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 10_000,
  connectionsCheckingInterval: 1000,
  maxHeaderSize: 16_384,
}
/** Longest silence of a client that does not take its answer, ms. */
const LONGEST_SILENCE_MS = 60_000
/**
 * Longest time in ms that a stopping service waits for answers to be made and taken; then it breaks them off.
 */
const LONGEST_STOP_MS = 20_000
const CONNECTIONS: ConnectionLimits = { mostConnections: 2000, mostPerAddress: 500 }

export type Slowness = Partial<
  typeof SLOWNESS & ConnectionLimits & { readonly graceMs: number; readonly longestStopMs: number }
> & {
  /** form of refusals of what is no request: an HTTP problem, unless it is one sentence of plain text, or made so */
  readonly refusals?: 'text' | Refusal
  /**
   * called with requests to change the protocol, to take the connection over or refuse it at once; without it they are
   * ordinary ones
   */
  readonly onUpgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  /** certificate and key, and what clients must show, where the service speaks HTTPS */
  readonly tls?: TlsOptions | undefined
}

/**
 * Returns the answer to what is no request, from the error of Node and the bytes it was reading; undefined for the usual
 * one in plain text.
 */
export type Refusal = (
  error: NodeJS.ErrnoException,
  packet: Buffer,
) =>
  | {
      readonly status: number
      readonly type: string
      readonly body: string
      readonly headers?: { readonly [name: string]: string }
    }
  | undefined

/**
 * Creates an HTTP server around an app. Its start rejects with StackTachError when the port cannot be used.
 *
 * @example
 * const service = createHttpService(createHttpApp(), { host: '127.0.0.1', port: 0 })
 * await service.start()
 */
export function createHttpService(
  app: RequestListener,
  { host, port }: ListenAddress,
  /** the option or key that sets the port, for the error message */
  option = '--listen HOST:PORT',
  slowness: Slowness = {},
): HttpService {
  const { graceMs = GRACE_MS, longestStopMs = LONGEST_STOP_MS } = slowness
  const stopping = new AbortController()
  const listener = inTurn(app)
  const { tls, onUpgrade } = slowness
  const serve: RequestListener = (request, response) => {
    noteStopping(request, stopping.signal)
    listener(request, response)
  }
  const options = { ...SLOWNESS, ...slowness }
  const tlsServer = tls && createTlsServer({ ...options, ...tls }, serve)
  const server = tlsServer ?? createServer(options, serve)
  const connections = limitConnections(server, { ...CONNECTIONS, ...slowness })
  server.setTimeout(LONGEST_SILENCE_MS)
  if (onUpgrade)
    server.on('upgrade', (request, socket, head) => {
      // Node listens no more for the errors of a connection that is handed over.
      socket.on('error', () => socket.destroy())
      onUpgrade(request, socket, head)
      if (socket.writable) connections.release(request.socket)
    })
  server.on('clientError', (error, socket) => refuseRequest(error, socket, graceMs, slowness.refusals))
  return {
    async start() {
      try {
        await listen(server, host, port)
      } catch (error) {
        throw new StackTachError('config', listenFailure(error, host, port, option), { cause: error })
      }
    },
    async stop() {
      if (!server.listening) return
      stopping.abort()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      // Finished answers get the grace; unfinished ones are waited for, though not for ever.
      connections.closeWaiting(graceMs)
      const timer = setInterval(() => connections.closeWaiting(graceMs), graceMs / 2)
      const last = setTimeout(() => connections.closeAll(), longestStopMs)
      await closed
      clearInterval(timer)
      clearTimeout(last)
    },
    address: () => {
      const address = server.address()
      return { host, port: typeof address === 'object' && address ? address.port : port }
    },
    renew: (certificate) => tlsServer?.setSecureContext(certificate),
  }
}

/** Status and detail for requests that Node itself cannot take, by the code of its error. */
const REFUSALS: { readonly [code: string]: readonly [number, string] } = {
  HPE_HEADER_OVERFLOW: [431, 'the headers are too large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'the request did not come in time'],
}

/** Sends an HTTP problem for input that never became a request of the app, and closes the connection. */
function refuseRequest(
  error: NodeJS.ErrnoException,
  socket: Duplex,
  graceMs: number,
  form: Slowness['refusals'],
): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const { status, type, body, headers = {} } = refusalOf(error, form)
  const more = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: ${type}\r\n${more.join('')}`
  const length = Buffer.byteLength(body)
  answerAndClose(socket, `${head}content-length: ${length}\r\nconnection: close\r\n\r\n${body}`, graceMs)
}

function refusalOf(
  error: NodeJS.ErrnoException,
  form: Slowness['refusals'],
): NonNullable<ReturnType<Refusal>> {
  const packet = 'rawPacket' in error && Buffer.isBuffer(error.rawPacket) ? error.rawPacket : Buffer.alloc(0)
  const own = typeof form === 'function' ? form(error, packet) : undefined
  if (own) return own
  const [status, detail] = REFUSALS[error.code ?? ''] ?? [400, 'this is not an HTTP request']
  if (form !== undefined) return { status, type: 'text/plain; charset=utf-8', body: detail }
  const body = JSON.stringify(httpProblemBody(status, detail))
  return { status, type: 'application/problem+json; charset=utf-8', body }
}

function listen(server: Server | TlsServer, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function listenFailure(error: unknown, host: string, port: number, option: string): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'EADDRINUSE') return `port ${port} of ${host} is in use; choose another with ${option}`
  if (code === 'EACCES')
    return `port ${port} of ${host} may not be used by this account; choose one above 1023`
  return `cannot listen on ${host}:${port}: ${messageOf(error)}`
}
