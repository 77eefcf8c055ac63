import { createServer, type Server, type Socket } from 'node:net'
import {
  createServer as createTlsServer,
  type SecureContextOptions,
  type TlsOptions,
  type Server as TlsServer,
} from 'node:tls'
import { messageOf, StackTachError } from '../../domain/errors.ts'
import { followHandshakes, type Handshakes } from '../../runtime/handshakes.ts'
import type { Service } from '../../runtime/lifecycle.ts'
import type { ListenAddress } from '../../runtime/listen-address.ts'
import type { Logger } from '../../runtime/logger.ts'
import type { FrameSplitter } from '../wire/frame-splitter.ts'
import { createFrameIntake, type FrameIntakeOptions } from './frame-intake.ts'
import { SenderLimits } from './sender-limits.ts'

export type TcpReceiverOptions = FrameIntakeOptions & {
  readonly address: ListenAddress
  /** Whether no more should be read until resume() is called. */
  readonly isFull: () => boolean
  readonly logger: Logger
  readonly mostConnections: number
  readonly mostConnectionsPerSender: number
  readonly mostRatePerSender: number
  /** ms of silence before a probe; undefined: no keep-alive */
  readonly keepAliveMs: number | undefined
  /** ms of silence after which a connection is closed; 0: never */
  readonly idleMs: number
  readonly servesNobody?: boolean
  readonly tls?: TlsOptions | undefined
}

/** How long a receiver that stops reads on, ms. */
const GRACE_MS = 1000

/** Receives frames over TCP and relays their messages. Nothing is ever sent to a client. */
export class TcpReceiver implements Service {
  readonly #options: TcpReceiverOptions
  readonly #server: Server
  readonly #tlsServer: TlsServer | undefined
  readonly #handshakes: Handshakes | undefined
  readonly #sockets = new Set<Socket>()
  /** sockets that are not read until there is room */
  readonly #paused = new Set<Socket>()
  readonly #limits: SenderLimits

  constructor(options: TcpReceiverOptions) {
    this.#options = options
    this.#limits = new SenderLimits({
      mostConnections: options.mostConnectionsPerSender,
      mostPerSecond: options.mostRatePerSender,
    })
    const { keepAliveMs, tls } = options
    const settings = {
      noDelay: true,
      keepAlive: keepAliveMs !== undefined,
      keepAliveInitialDelay: keepAliveMs ?? 0,
    }
    this.#tlsServer = tls && createTlsServer({ ...settings, ...tls })
    this.#handshakes = this.#tlsServer && followHandshakes(this.#tlsServer)
    this.#server = this.#tlsServer ?? createServer(settings)
    this.#server.maxConnections = options.mostConnections
    this.#server.on(tls ? 'secureConnection' : 'connection', (socket: Socket) => this.#serve(socket))
    this.#server.on('tlsClientError', () => options.counters.add('tlsErrorCount'))
    this.#server.on('drop', () => options.counters.add('refusedConnectionCount'))
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#sockets.size
  }

  /** Where it listens; for port 0 with the port that was chosen. */
  get address(): ListenAddress {
    const address = this.#server.address()
    const { host, port } = this.#options.address
    return { host, port: typeof address === 'object' && address ? address.port : port }
  }

  async start(): Promise<void> {
    const { host, port } = this.#options.address
    try {
      await new Promise<void>((resolve, reject) => {
        this.#server.once('error', reject)
        this.#server.listen({ host, port, backlog: 4096 }, resolve)
      })
      this.#server.removeAllListeners('error').on('error', (error) => this.#failed(error))
    } catch (error) {
      throw new StackTachError('config', `cannot listen on ${host}:${port}: ${messageOf(error)}`, {
        cause: error,
      })
    }
  }

  /** Reads again from those who had to wait for room. */
  resume(): void {
    for (const socket of this.#paused) socket.resume()
    this.#paused.clear()
  }

  /** Shows another certificate to those who connect from now on; without effect where TLS is not spoken. */
  renew(certificate: SecureContextOptions): void {
    this.#tlsServer?.setSecureContext(certificate)
  }

  /** Takes no more connections, and of those at hand only what has come already. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#handshakes?.destroyAll()
    // What clients have sent already still comes.
    for (const socket of this.#sockets) socket.end()
    const timer = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy()
    }, GRACE_MS)
    await closed
    clearTimeout(timer)
  }

  #failed(error: Error): void {
    this.#options.logger.error({}, `the listener has failed: ${messageOf(error)}`)
  }

  #serve(socket: Socket): void {
    const { counters, idleMs, servesNobody } = this.#options
    const sender = socket.remoteAddress ?? ''
    if (!this.#limits.opened(sender, performance.now())) {
      counters.add('refusedConnectionCount')
      socket.destroy()
      return
    }
    counters.add('connectCount')
    counters.add('getPool')
    this.#sockets.add(socket)
    const splitter = createFrameIntake(this.#options)
    if (idleMs > 0) socket.setTimeout(idleMs, () => socket.destroy())
    socket.on('error', () => counters.add('readError'))
    socket.once('close', () => {
      this.#sockets.delete(socket)
      this.#paused.delete(socket)
      this.#limits.closed(sender)
      counters.add('returnedPool')
      if (splitter.end() > 0) counters.add('cutCount')
    })
    if (servesNobody) {
      socket.pause()
      return
    }
    socket.on('data', (bytes: Buffer) => this.#read(socket, sender, splitter, bytes))
  }

  #read(socket: Socket, sender: string, splitter: FrameSplitter, bytes: Buffer): void {
    const { counters, isFull } = this.#options
    const before = counters.get('receivedCount')
    const dropped = splitter.dropped
    splitter.push(bytes)
    if (splitter.dropped > dropped) {
      counters.add('invalidCount')
      counters.add('droppedBytes', splitter.dropped - dropped)
    }
    const waitMs = this.#limits.took(sender, counters.get('receivedCount') - before, performance.now())
    if (waitMs > 0) {
      counters.add('throttledCount')
      socket.pause()
      setTimeout(() => this.#goOn(socket), waitMs).unref()
    } else this.#goOn(socket, isFull())
  }

  #goOn(socket: Socket, isFull = this.#options.isFull()): void {
    if (!isFull) {
      if (socket.isPaused()) socket.resume()
      return
    }
    socket.pause()
    if (!socket.destroyed) this.#paused.add(socket)
  }
}
