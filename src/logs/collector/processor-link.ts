import { connect, type Socket } from 'node:net'
import { connect as connectTls, type SecureContextOptions } from 'node:tls'
import { messageOf } from '../../domain/errors.ts'
import { Backoff, sleep } from '../../runtime/backoff.ts'
import type { ListenAddress } from '../../runtime/listen-address.ts'
import type { Logger } from '../../runtime/logger.ts'
import { Outage } from '../../runtime/outage.ts'
import { decodeParts } from '../wire/decode-message.ts'
import { EXTRA, type ProcessorHello, processorHelloOf } from '../wire/extras.ts'
import { FrameReader } from '../wire/frame-reader.ts'
import type { ReadMessage } from '../wire/log-message.ts'

/** Longest answer: a name, three numbers, and fields of our own. */
const LONGEST_ANSWER = 64 * 1024
/** Bytes that the socket may hold before sending pauses. */
const MOST_BUFFERED = 1 << 20
const CONNECT_MS = 20_000
/** A connection on which messages wait and nothing is heard for so long is given up, ms. */
const SILENCE_MS = 60_000
const CHECK_MS = 5000
/** Longest time that a stop waits for the last bytes to be taken, ms: what is not answered is sent again by the next process. */
const FLUSH_MS = 1000

/** How a processor is reached. */
export type Target = ListenAddress & { readonly tls?: SecureContextOptions | undefined }

export type LinkParts = {
  readonly target: Target
  readonly logger: Logger
  /** Called with each answer. What it throws ends the connection. */
  readonly onAnswer: (message: ReadMessage) => void
  /** Called when a connection is there, before anything is sent on it. */
  readonly onOpen: () => void
  /** Called when a connection has ended: what was not answered on it has to be sent again. */
  readonly onLost: () => void
  /** Returns whether messages wait for answers. */
  readonly isWaiting: () => boolean
}

/** What the other side has said of itself: nothing yet, that it is one of ours, or an answer as thunder gives it. */
export type Peer = 'unknown' | 'thunder' | ProcessorHello

/** The connection to a processor: made again whenever it is lost. */
export class ProcessorLink {
  readonly #parts: LinkParts
  #target: Target
  readonly #outage: Outage
  readonly #stopping = new AbortController()
  #socket: Socket | undefined
  /** ends the connection that is there or being made */
  #end = () => {}
  #peer: Peer = 'unknown'
  #heardAt = 0
  #running: Promise<void> | undefined
  readonly #waiting = new Set<() => void>()
  /** connections that were there, beside the first */
  reconnects = -1

  constructor(parts: LinkParts) {
    this.#parts = parts
    this.#target = parts.target
    this.#outage = new Outage(parts.logger, `the processor at ${this.name} takes messages again`)
  }

  get name(): string {
    return `${this.#target.host}:${this.#target.port}`
  }

  get peer(): Peer {
    return this.#peer
  }

  get isConnected(): boolean {
    return this.#socket !== undefined
  }

  /** Why there is no connection; undefined where there is one, or none was tried. */
  get hindrance(): string | undefined {
    return this.#outage.reason
  }

  start(): void {
    this.#running ??= this.#run()
  }

  /** Ends the connection, and makes none again. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#end()
    this.nudge()
    await this.#running
  }

  /** Uses another target, or other credentials, from the next connection on, which is made at once. */
  lead(target: Target): void {
    this.#target = target
    this.#socket?.destroy()
  }

  /** Resolves when something about the connection may have changed: it is there, lost, or takes more. */
  change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.add(resolve))
  }

  get takesMore(): boolean {
    return this.#socket !== undefined && this.#socket.writableLength < MOST_BUFFERED
  }

  /**
   * Sends the parts of a message in one go. `wasWaiting` says whether messages before it wait for answers; `whenSent` is called
   * when the memory of the parts is free again, however that ends.
   */
  send(parts: readonly Buffer[], wasWaiting: boolean, whenSent?: () => void): void {
    const socket = this.#socket
    if (!socket) {
      whenSent?.()
      return
    }
    if (!wasWaiting) this.#heardAt = performance.now()
    socket.cork()
    parts.forEach((part, index) => {
      if (index < parts.length - 1) socket.write(part)
      else
        socket.write(part, () => {
          whenSent?.()
          this.nudge()
        })
    })
    socket.uncork()
  }

  /** Has those who wait for a change look again. */
  nudge(): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const resolve of waiting) resolve()
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    const backoff = new Backoff({ initialMs: 100, maxMs: 10_000 })
    while (!signal.aborted) {
      const reason = await this.#hold(() => backoff.reset())
      if (signal.aborted) break
      this.#outage.failed(`no processor at ${this.name}: ${reason}`)
      await sleep(backoff.next(), signal)
    }
  }

  /** Connects, and resolves when the connection has ended, to the reason. */
  #hold(whenAnswered: () => void): Promise<string> {
    return new Promise((resolve) => {
      const { host, port, tls } = this.#target
      const socket = tls
        ? connectTls({ host, port, ...tls, ...(/^[\d.:]+$/.test(host) ? {} : { servername: host }) })
        : connect({ host, port })
      let reason = 'the connection was closed'
      let flushing: NodeJS.Timeout | undefined
      this.#end = () => {
        if (this.#socket !== socket) return void socket.destroy()
        socket.destroySoon()
        flushing = setTimeout(() => socket.destroy(), FLUSH_MS)
      }
      const patience = setTimeout(() => socket.destroy(new Error('it does not answer')), CONNECT_MS)
      const watch = setInterval(() => this.#requireWords(socket), CHECK_MS)
      socket.setNoDelay(true)
      socket.once(tls ? 'secureConnect' : 'connect', () => {
        clearTimeout(patience)
        this.#open(socket, whenAnswered)
      })
      socket.on('error', (error) => {
        reason = messageOf(error)
      })
      socket.once('close', () => {
        clearTimeout(patience)
        clearTimeout(flushing)
        clearInterval(watch)
        this.#close(socket)
        resolve(reason)
      })
    })
  }

  #open(socket: Socket, whenAnswered: () => void): void {
    const reader = new FrameReader(LONGEST_ANSWER)
    this.#socket = socket
    this.#peer = 'unknown'
    this.#heardAt = performance.now()
    this.reconnects++
    socket.on('data', (chunk: Buffer) => {
      this.#heardAt = performance.now()
      try {
        for (const parts of reader.read(chunk)) {
          const message = decodeParts(parts)
          if (this.#peer === 'unknown' && !message.extras?.has(EXTRA.waiting)) this.#meet(message)
          whenAnswered()
          this.#parts.onAnswer(message)
        }
      } catch (error) {
        socket.destroy(new Error(`its answer is broken: ${messageOf(error)}`))
      }
      this.nudge()
    })
    // Half of a connection is none: answers could not come.
    socket.on('end', () => socket.destroy())
    this.#parts.onOpen()
    this.nudge()
  }

  #meet(message: ReadMessage): void {
    this.#peer = processorHelloOf(message.extras) ?? 'thunder'
    this.#outage.over()
  }

  #close(socket: Socket): void {
    if (this.#socket !== socket) return
    this.#socket = undefined
    this.#peer = 'unknown'
    this.#parts.onLost()
    this.nudge()
  }

  #requireWords(socket: Socket): void {
    if (this.#socket !== socket || !this.#parts.isWaiting()) return
    if (performance.now() - this.#heardAt > SILENCE_MS)
      socket.destroy(new Error(`messages are unanswered for ${SILENCE_MS / 1000} s`))
  }
}
