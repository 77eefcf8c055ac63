import { connect, createServer, type Server, type Socket } from 'node:net'
import { decodeParts } from '../../../src/logs/wire/decode-message.ts'
import { encodeMessage } from '../../../src/logs/wire/encode-message.ts'
import { FrameReader } from '../../../src/logs/wire/frame-reader.ts'
import type { Received } from './scripted-processor.ts'

/**
 * Stands between a collector and a processor, and notes what the collector sends. With `strips` it leaves out what only our own
 * programs say, so that each takes the other for thunder.
 */
export class RecordingProxy {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly connections: Received[][] = []
  /** where the processor listens */
  targetPort: number

  private constructor(targetPort: number, strips: boolean) {
    this.targetPort = targetPort
    this.#server = createServer((socket) => this.#serve(socket, strips))
  }

  static async start(targetPort: number, strips: boolean): Promise<RecordingProxy> {
    const proxy = new RecordingProxy(targetPort, strips)
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address ? address.port : 0
  }

  get messageCount(): number {
    return this.connections.reduce((sum, { length }) => sum + length, 0)
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
  }

  #serve(socket: Socket, strips: boolean): void {
    const received: Received[] = []
    this.connections.push(received)
    const target = connect(this.targetPort, '127.0.0.1')
    const reader = new FrameReader(Number.POSITIVE_INFINITY)
    for (const [one, other] of [
      [socket, target],
      [target, socket],
    ] as const) {
      this.#sockets.add(one)
      one.on('error', () => {})
      one.on('end', () => other.end())
      one.on('close', () => other.destroy())
    }
    target.on('data', (chunk) => socket.write(chunk))
    socket.on('data', (chunk: Buffer) => {
      if (!strips) target.write(Buffer.from(chunk))
      for (const parts of reader.read(Buffer.from(chunk))) {
        const { file, offset, inode, content: pieces, ends } = decodeParts(parts)
        const content = Buffer.concat(pieces)
        const lines = ends.map((end, index) => content.subarray(ends[index - 1] ?? 0, end))
        if (strips) target.write(encodeMessage({ file, offset, inode }, lines))
        received.push({ file, offset, inode, content, lineCount: ends.length })
      }
    })
  }
}
