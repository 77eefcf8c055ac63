import type { Socket } from 'node:net'
import { messageOf } from '../../domain/errors.ts'
import { decodeParts } from '../wire/decode-message.ts'
import { encodeMessage } from '../wire/encode-message.ts'
import { type CollectorHello, collectorHelloOf, EXTRA, helloExtra } from '../wire/extras.ts'
import { FrameReader } from '../wire/frame-reader.ts'
import { BrokenMessage, type Extras, type MessageHead, type ReadMessage } from '../wire/log-message.ts'
import { unpack } from '../wire/packed.ts'
import { Refusal } from './open-target.ts'
import type { ProcessorCounters } from './processor-state.ts'
import type { AnswerLater, Content, Sender, Sink } from './sink.ts'

/** Bytes of answers that may wait to be taken before no more are read. */
const MOST_ANSWERS = 1 << 20
/** Longest content of a message that our collectors are told to send. */
const OWN_MOST_BYTES = 256 * 1024
/** Time between two signs that a message is still being worked on, ms. */
const SIGN_MS = 10_000
const NOBODY: MessageHead = { file: Buffer.alloc(0), offset: 0n, inode: 0n }

export type ConnectionParts = {
  readonly socket: Socket
  readonly sink: Sink
  readonly counters: ProcessorCounters
  readonly maxMessageBytes: number
  readonly takesZstd: boolean
  /** Returns how many bytes may wait to be worked off before no more are read. */
  readonly mostWaiting: () => number
  /** Returns whether a token is the right one; undefined where none is needed. */
  readonly isToken: ((token: string | undefined) => boolean) | undefined
  /** Called with why the connection was ended because of what came on it. */
  readonly onBroken: (reason: string) => void
  /** Called with a message that is refused. */
  readonly onRefused: (file: Buffer, reason: string) => void
}

type Fields = readonly (readonly [number, Buffer])[]
type Answer = { readonly head: MessageHead; readonly extras: Fields }

/** A connection of a collector: its messages are worked off in their order, and each is answered when it is safe. */
export class CollectorConnection {
  readonly #parts: ConnectionParts
  readonly #reader: FrameReader
  readonly #bodies: (readonly Buffer[])[] = []
  readonly #ended = new AbortController()
  /** streams of which a message was refused, and where it begins: what follows it is refused too */
  readonly #refusedAt = new Map<string, bigint>()
  #waitingBytes = 0
  #working: Promise<void> | undefined
  /** messages that the sink has and that are not answered */
  #underWay = 0
  #oneDone = Promise.withResolvers<void>()
  #answered: Promise<void> = Promise.resolve()
  #hello: CollectorHello | undefined
  #sender: Sender
  #isBroken = false

  constructor(parts: ConnectionParts) {
    this.#parts = parts
    this.#reader = new FrameReader(parts.maxMessageBytes)
    const { socket } = parts
    const host = (socket.remoteAddress ?? '').replace(/^::ffff:/, '')
    this.#sender = { host, peer: undefined, signal: this.#ended.signal }
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('drain', () => this.#balance())
    socket.on('end', () => this.#end())
    socket.on('error', () => {})
    socket.on('close', () => this.#close())
  }

  /** Bytes of messages that are not worked off. */
  get heldBytes(): number {
    return this.#waitingBytes + this.#reader.heldBytes
  }

  /** Ends the connection after what is being worked on. */
  async stop(): Promise<void> {
    this.#drop()
    this.#parts.socket.pause()
    await this.#working
    this.#parts.socket.destroySoon()
  }

  /** Ends the connection, because of what came on it, after what came whole before. */
  giveUp(reason: string): void {
    if (this.#isBroken) return
    this.#isBroken = true
    this.#parts.counters.brokenConnections++
    this.#parts.onBroken(reason)
    void (this.#working ?? Promise.resolve()).then(() => this.#parts.socket.destroySoon())
  }

  #read(chunk: Buffer): void {
    if (this.#isBroken) return
    let failure: unknown
    try {
      for (const body of this.#reader.read(chunk)) {
        this.#bodies.push(body)
        this.#waitingBytes += lengthOf(body)
      }
    } catch (error) {
      failure = error
    }
    if (this.#bodies.length > 0) this.#working ??= this.#workOff()
    if (failure) this.giveUp(messageOf(failure))
    this.#balance()
  }

  /** Reads no more as long as too much waits to be worked off, or to be taken by the other side. */
  #balance(): void {
    const { socket } = this.#parts
    const isFull = this.#waitingBytes > this.#parts.mostWaiting() || socket.writableLength > MOST_ANSWERS
    if (isFull !== socket.isPaused()) isFull ? socket.pause() : socket.resume()
  }

  #drop(): void {
    this.#bodies.length = 0
    this.#waitingBytes = 0
  }

  async #workOff(): Promise<void> {
    for (let parts = this.#bodies.shift(); parts; parts = this.#bodies.shift()) {
      try {
        await this.#begin(parts)
      } catch (error) {
        this.#drop()
        if (error instanceof BrokenMessage) this.giveUp(messageOf(error))
      }
      while (this.#underWay >= this.#parts.sink.depth) await this.#oneDone.promise
    }
    await this.#answered
    this.#working = undefined
    if (this.#bodies.length > 0) this.#working = this.#workOff()
  }

  /** Hands a message to the sink. Its answer follows those of the messages before it. */
  async #begin(parts: readonly Buffer[]): Promise<void> {
    const { counters } = this.#parts
    const message = decodeParts(parts)
    const length = lengthOf(parts)
    counters.messages++
    counters.receivedBytes += length
    const greeting = this.#greet(message)
    const content = await this.#contentOf(message)
    this.#underWay++
    const taken = this.#take(content, greeting)
    const before = this.#answered
    this.#answered = taken.then(async (answer) => {
      await before
      this.#underWay--
      this.#waitingBytes = Math.max(0, this.#waitingBytes - length)
      if (answer) this.#answer(answer.head, answer.extras)
      this.#oneDone.resolve()
      this.#oneDone = Promise.withResolvers()
      this.#balance()
    })
  }

  /** Resolves to the answer to a message; to undefined where there is none. */
  async #take(content: Content, greeting: Fields): Promise<Answer | undefined> {
    const signs =
      this.#hello && setInterval(() => this.#answer(NOBODY, [[EXTRA.waiting, Buffer.alloc(0)]]), SIGN_MS)
    try {
      this.#requireOrder(content)
      const answerLater: AnswerLater = (of, offset) => this.#answer({ ...of, offset })
      const offset = await this.#parts.sink.take(content, this.#sender, answerLater)
      return { head: { ...content, offset }, extras: greeting }
    } catch (error) {
      return error instanceof Refusal ? this.#refuse(content, error.message, greeting) : undefined
    } finally {
      clearInterval(signs)
    }
  }

  /** Takes what a collector says of itself, and returns what to answer to it. Throws where it may not send. */
  #greet({ extras }: ReadMessage): Fields {
    const { isToken, counters, onBroken, takesZstd, socket } = this.#parts
    const hello = collectorHelloOf(extras)
    if (isToken && !this.#hello && !isToken(hello?.token)) {
      counters.deniedConnections++
      this.#isBroken = true
      const reason = hello?.token === undefined ? 'it has no token' : 'it has a wrong token'
      onBroken(reason)
      socket.destroy()
      throw new Error(reason)
    }
    if (!hello) return []
    this.#hello = hello
    this.#sender = { ...this.#sender, host: hello.host, peer: hello.peer }
    const [field, bytes] = helloExtra({ zstd: takesZstd && hello.zstd === true, maxBytes: OWN_MOST_BYTES })
    return [[field, bytes]]
  }

  async #contentOf(message: ReadMessage): Promise<Content> {
    const { file, inode, offset, extras } = message
    const isOurs = this.#hello !== undefined
    const pieces = isOurs ? await unpack(message, this.#parts.maxMessageBytes) : message.content
    const stream = isOurs ? extras?.get(EXTRA.stream)?.toString('latin1') : undefined
    return { file, inode, stream, begin: offset - BigInt(lengthOf(pieces)), end: offset, pieces }
  }

  /** Throws Refusal for what follows a refused message of the same stream: it would stand in the wrong place. */
  #requireOrder({ stream, begin }: Content): void {
    if (stream === undefined) return
    if (begin < 0n) throw new Refusal('its offset is less than its length')
    const refusedAt = this.#refusedAt.get(stream)
    if (refusedAt !== undefined && begin > refusedAt) throw new Refusal('a message before it was refused')
    this.#refusedAt.delete(stream)
  }

  #refuse(
    { file, inode, begin, end, stream }: Content,
    reason: string,
    greeting: Fields,
  ): Answer | undefined {
    const { counters, onRefused } = this.#parts
    counters.refusals[reason] = (counters.refusals[reason] ?? 0) + 1
    onRefused(file, reason)
    if (stream === undefined) return undefined
    if (!this.#refusedAt.has(stream)) this.#refusedAt.set(stream, begin)
    return { head: { file, inode, offset: end }, extras: [...greeting, [EXTRA.refusal, Buffer.from(reason)]] }
  }

  #answer(head: MessageHead, fields: Fields = []): void {
    const { socket, counters } = this.#parts
    if (!socket.writable) return
    if (head !== NOBODY) counters.answers++
    const extras: Extras | undefined = fields.length > 0 ? new Map(fields) : undefined
    socket.write(encodeMessage(head, [], extras))
  }

  #end(): void {
    if (this.#reader.end === 'cut') this.giveUp('it has ended within a message')
    void (this.#working ?? Promise.resolve()).then(() => this.#parts.socket.end())
  }

  #close(): void {
    // Our collectors send again what was not answered; of thunder what is here is all that will come.
    if (this.#hello) this.#drop()
    this.#ended.abort()
    this.#parts.sink.forget(this.#sender)
  }
}

function lengthOf(parts: readonly Buffer[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0)
}
