import { createServer, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Express } from 'express'
import { messageOf, StackTachError } from '../domain/errors.ts'
import type { Service } from '../runtime/lifecycle.ts'
import type { ListenAddress } from './listen-address.ts'
import { problemBody } from './problem-body.ts'

export type HttpService = Service & {
  /** Where it listens, once it has started: the port that was asked for, or for 0 the one that was free. */
  readonly address: () => ListenAddress
}

/** A client that takes its time must not hold a connection for ever; times in ms, sizes in bytes. */
const SLOWNESS = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 10_000,
  connectionsCheckingInterval: 1000,
  maxHeaderSize: 16_384,
}
/** Longest silence of a client that does not take its answer, ms. */
const LONGEST_SILENCE_MS = 60_000
const MOST_CONNECTIONS = 2000

export type Slowness = Partial<typeof SLOWNESS>

/** An HTTP server around an app. Starting fails with one sentence when the port is taken. */
export function createHttpService(
  app: Express,
  { host, port }: ListenAddress,
  /** where another port is chosen, for people */
  option = '--listen HOST:PORT',
  slowness: Slowness = {},
): HttpService {
  const server = createServer({ ...SLOWNESS, ...slowness }, app)
  server.setTimeout(LONGEST_SILENCE_MS)
  server.maxConnections = MOST_CONNECTIONS
  server.on('clientError', refuseRequest)
  return {
    async start() {
      try {
        await listen(server, host, port)
      } catch (error) {
        throw new StackTachError('config', listenProblem(error, host, port, option), { cause: error })
      }
    },
    async stop() {
      if (!server.listening) return
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeIdleConnections()
      })
    },
    address: () => {
      const address = server.address()
      return { host, port: typeof address === 'object' && address ? address.port : port }
    },
  }
}

/** Requests that Node itself cannot take, by the code of its error. */
const REFUSALS: { readonly [code: string]: readonly [number, string] } = {
  HPE_HEADER_OVERFLOW: [431, 'the headers are too large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'the request did not come in time'],
}

/** The answer to what never became a request of the app, in the form of all others. */
function refuseRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const [status, detail] = REFUSALS[error.code ?? ''] ?? [400, 'this is no request of HTTP']
  const problem = problemBody(status, detail)
  const body = JSON.stringify(problem)
  const head = `HTTP/1.1 ${status} ${problem.title}\r\ncontent-type: application/problem+json; charset=utf-8\r\n`
  socket.end(`${head}content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`)
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function listenProblem(error: unknown, host: string, port: number, option: string): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'EADDRINUSE') return `port ${port} of ${host} is in use; choose another with ${option}`
  if (code === 'EACCES')
    return `port ${port} of ${host} may not be used by this account; choose one above 1023`
  return `cannot listen on ${host}:${port}: ${messageOf(error)}`
}
