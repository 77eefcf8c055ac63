import type { Socket } from 'node:net'
import { createServer, type SecureContextOptions, type Server } from 'node:tls'
import { messageOf } from '../../domain/errors.ts'

/** First byte of a connection that is encrypted; of one that is not it would be a length of 369 MB. */
const TLS_RECORD = 0x16
const HANDSHAKE_MS = 10_000

export type ProcessorTls = {
  readonly context: SecureContextOptions
  /** whether a collector has to show a certificate of the authority */
  readonly asksCertificate: boolean
  /** whether connections without encryption are taken too */
  readonly allowsPlain: boolean
  /** longest wait for the first byte, and for the handshake after it, ms (10 s) */
  readonly handshakeMs?: number | undefined
}

export type TlsEntranceParts = {
  readonly tls: ProcessorTls
  /** Called with a connection that is encrypted, or need not be. */
  readonly onReady: (socket: Socket) => void
  /** Called with why a connection is ended. */
  readonly onDenied: (reason: string) => void
}

/** Tells by their first byte which connections are encrypted, and ends those that do not get through in time. */
export class TlsEntrance {
  readonly #parts: TlsEntranceParts
  readonly #encrypted: Server
  readonly #handshakeMs: number

  constructor(parts: TlsEntranceParts) {
    const { context, asksCertificate, handshakeMs = HANDSHAKE_MS } = parts.tls
    this.#parts = parts
    this.#handshakeMs = handshakeMs
    const asked = { requestCert: asksCertificate, rejectUnauthorized: asksCertificate }
    this.#encrypted = createServer({ ...context, ...asked, handshakeTimeout: handshakeMs }, parts.onReady)
    this.#encrypted.on('tlsClientError', (error, socket) => {
      parts.onDenied(messageOf(error))
      // A handshake that takes too long leaves its connection open.
      socket.destroy()
    })
  }

  /** Takes a connection of which nothing has been read. */
  take(socket: Socket): void {
    const { allowsPlain } = this.#parts.tls
    const hasEnded = () => socket.destroy()
    // Without encryption a collector says nothing before it has lines.
    const silence = allowsPlain
      ? undefined
      : setTimeout(() => this.#deny(socket, 'it says nothing'), this.#handshakeMs)
    socket.once('end', hasEnded)
    socket.once('close', () => clearTimeout(silence))
    socket.once('data', (chunk: Buffer) => {
      clearTimeout(silence)
      socket.off('end', hasEnded)
      socket.pause()
      socket.unshift(chunk)
      if (chunk[0] === TLS_RECORD) this.#encrypted.emit('connection', socket)
      else if (allowsPlain) {
        this.#parts.onReady(socket)
        socket.resume()
      } else this.#deny(socket, 'it is not encrypted')
    })
  }

  #deny(socket: Socket, reason: string): void {
    this.#parts.onDenied(reason)
    socket.destroy()
  }
}
