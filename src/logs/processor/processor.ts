import { createServer, type Server, type Socket } from 'node:net'
import { messageOf, StackTachError } from '../../domain/errors.ts'
import type { Service } from '../../runtime/lifecycle.ts'
import type { ListenAddress } from '../../runtime/listen-address.ts'
import type { Logger } from '../../runtime/logger.ts'
import { isAmongDigests, tokenDigest } from '../../runtime/token-digest.ts'
import { textOfPath } from '../../ship/log-sets/path-text.ts'
import { CollectorConnection } from './collector-connection.ts'
import type { ProcessorCounters } from './processor-state.ts'
import type { Sink } from './sink.ts'
import { type ProcessorTls, TlsEntrance } from './tls-entrance.ts'

/** Bytes of messages that all connections together may hold, and that wait to be worked off on one at most. */
const MOST_HELD = 256 << 20
const MOST_WAITING = { all: 16 << 20, one: 2 << 20, least: 64 << 10 }
const LOOK_MS = 1000
/** Time without a byte after which the system asks whether the other side is still there, ms. */
const KEEP_ALIVE_MS = 60_000
/** Most refusals of different names that are logged. */
const MOST_SAID = 100

export type ProcessorParts = {
  readonly address: ListenAddress
  readonly sink: Sink
  readonly counters: ProcessorCounters
  readonly maxMessageBytes: number
  readonly takesZstd: boolean
  readonly token: string | undefined
  readonly tls: ProcessorTls | undefined
  readonly logger: Logger
}

/** Takes messages of collectors and hands them to a sink: a service. */
export class Processor implements Service {
  readonly #parts: ProcessorParts
  readonly #connections = new Set<CollectorConnection>()
  readonly #sockets = new Set<Socket>()
  readonly #said = new Set<string>()
  /** of the token that collectors must show; undefined: they need none */
  #digest: Buffer | undefined
  #server: Server | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(parts: ProcessorParts) {
    this.#parts = parts
    this.useToken(parts.token)
  }

  /** Connections that are there. */
  get connectionCount(): number {
    return this.#connections.size
  }

  /** Bytes of messages that are not worked off. */
  get heldBytes(): number {
    return [...this.#connections].reduce((sum, { heldBytes }) => sum + heldBytes, 0)
  }

  /** Where it listens, once it has started. */
  get port(): number {
    const address = this.#server?.address()
    return typeof address === 'object' && address ? address.port : 0
  }

  /** Rejects with StackTachError where the address cannot be used. */
  async start(): Promise<void> {
    const { address, tls, logger } = this.#parts
    const entrance =
      tls &&
      new TlsEntrance({
        tls,
        onReady: (socket) => this.#take(socket),
        onDenied: (reason) => this.#deny(reason),
      })
    const options = { allowHalfOpen: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS }
    this.#server = createServer(options, (socket) => this.#meet(socket, entrance))
    await listening(this.#server, address)
    this.#timer = setInterval(() => this.#limitMemory(), LOOK_MS)
    const { host } = address
    logger.info({}, `collectors are taken at ${host.includes(':') ? `[${host}]` : host}:${this.port}`)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    const closed = new Promise<void>((resolve) =>
      this.#server ? this.#server.close(() => resolve()) : resolve(),
    )
    const stopped = Promise.all([...this.#connections].map((connection) => connection.stop()))
    await this.#parts.sink.close()
    await stopped
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  /** Asks for another token from the next connection on. */
  useToken(token: string | undefined): void {
    this.#digest = token === undefined ? undefined : tokenDigest(token)
  }

  #meet(socket: Socket, entrance: TlsEntrance | undefined): void {
    this.#parts.counters.connections++
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('error', () => {})
    if (entrance) entrance.take(socket)
    else this.#take(socket)
  }

  #take(socket: Socket): void {
    const { sink, counters, maxMessageBytes, takesZstd } = this.#parts
    const from = socket.remoteAddress ?? 'an unknown address'
    const digest = this.#digest
    const connection = new CollectorConnection({
      ...{ socket, sink, counters, maxMessageBytes, takesZstd },
      mostWaiting: () =>
        Math.max(MOST_WAITING.least, Math.min(MOST_WAITING.one, MOST_WAITING.all / this.#connections.size)),
      isToken: digest && ((given) => given !== undefined && isAmongDigests([digest], tokenDigest(given))),
      onBroken: (reason) => this.#parts.logger.warn({ from }, `a connection of ${from} is ended: ${reason}`),
      onRefused: (file, reason) => this.#sayRefused(file, reason, from),
    })
    this.#connections.add(connection)
    socket.on('close', () => this.#connections.delete(connection))
  }

  #deny(reason: string): void {
    this.#parts.counters.deniedConnections++
    this.#parts.logger.warn({}, `a connection is refused: ${reason}`)
  }

  #sayRefused(file: Buffer, reason: string, from: string): void {
    const name = textOfPath(file)
    const key = `${name}\0${reason}`
    if (this.#said.has(key) || this.#said.size >= MOST_SAID) return
    this.#said.add(key)
    this.#parts.logger.warn(
      { file: name, from },
      `a message for ${JSON.stringify(name)} of ${from} is refused: ${reason}`,
    )
  }

  /** Ends the connection that holds most where all of them hold too much. */
  #limitMemory(): void {
    if (this.heldBytes <= MOST_HELD) return
    const [most] = [...this.#connections].sort((a, b) => b.heldBytes - a.heldBytes)
    most?.giveUp(`messages of all connections take more than ${MOST_HELD >> 20} MB, and it has the longest`)
  }
}

async function listening(server: Server, { host, port }: ListenAddress): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        new StackTachError('io', `cannot listen on ${host}:${port}: ${messageOf(error)}`, { cause: error }),
      ),
    )
    server.listen(port, host, resolve)
  })
}
