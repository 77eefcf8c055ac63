import { createServer, type Server, type Socket } from 'node:net'
import { decodeParts } from '../../../src/logs/wire/decode-message.ts'
import { encodeMessage } from '../../../src/logs/wire/encode-message.ts'
import { FrameReader } from '../../../src/logs/wire/frame-reader.ts'
import type { ReadMessage } from '../../../src/logs/wire/log-message.ts'
import type { ScriptRule } from './log-vectors.ts'

/** A message of a collector: the first of its fields, and its lines joined. */
export type Received = {
  readonly file: Buffer
  readonly offset: bigint
  readonly inode: bigint
  readonly content: Buffer
  readonly lineCount: number
}

/** A processor that does by rules, and notes what comes on each connection. */
export class ScriptedProcessor {
  readonly #rules: readonly ScriptRule[]
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #held: { readonly socket: Socket; readonly bytes: Buffer }[] = []
  #answersAll = false
  readonly connections: Received[][] = []

  private constructor(rules: readonly ScriptRule[]) {
    this.#rules = rules
    this.#server = createServer((socket) => this.#serve(socket))
  }

  static async start(rules: readonly ScriptRule[]): Promise<ScriptedProcessor> {
    const processor = new ScriptedProcessor(rules)
    await new Promise<void>((resolve) => processor.#server.listen(0, '127.0.0.1', resolve))
    return processor
  }

  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address ? address.port : 0
  }

  get messageCount(): number {
    return this.connections.reduce((sum, { length }) => sum + length, 0)
  }

  /** Answers what was held back, and everything from now on. */
  answerHeld(): void {
    this.#answersAll = true
    for (const { socket, bytes } of this.#held.splice(0)) socket.write(bytes)
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket)
    const conn = this.connections.length
    const received: Received[] = []
    this.connections.push(received)
    const reader = new FrameReader(Number.POSITIVE_INFINITY)
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      for (const parts of reader.read(chunk)) {
        const message = decodeParts(parts)
        const { file, offset, inode } = message
        const content = Buffer.concat(message.content)
        this.#do(socket, message, this.#ruleOf(conn, received.length))
        received.push({ file, offset, inode, content, lineCount: message.ends.length })
      }
    })
  }

  #ruleOf(conn: number, index: number): ScriptRule {
    const rule = this.#rules.find(
      ({ conn: only = conn, from = 0, to = Number.POSITIVE_INFINITY }) =>
        only === conn && from <= index && index < to,
    )
    return rule ?? { do: 'answer' }
  }

  #do(socket: Socket, { file, offset, inode }: ReadMessage, rule: ScriptRule): void {
    const head = { file, offset: BigInt(rule.offset ?? offset), inode: BigInt(rule.inode ?? inode) }
    const answer = encodeMessage(
      head,
      (rule.lines ?? []).map((line) => Buffer.from(line)),
    )
    if (rule.do === 'hold' && !this.#answersAll) this.#held.push({ socket, bytes: answer })
    else if (['answer', 'answer_with', 'hold'].includes(rule.do)) socket.write(answer)
    else if (rule.do === 'answer_then_close') socket.end(answer)
    else if (rule.do === 'bytes') socket.write(Buffer.from(rule.bytes ?? '', 'base64'))
    else if (rule.do === 'close') socket.end()
    else if (rule.do === 'reset') socket.resetAndDestroy()
  }
}
