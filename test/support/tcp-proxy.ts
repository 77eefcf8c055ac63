import { connect, createServer, type Socket } from 'node:net'

/** Stands between a client and a server on this machine, and cuts their connections when told to. */
export class TcpProxy {
  readonly #sockets = new Set<Socket>()
  readonly #server
  #isOpen = true
  #isHeld = false
  #lastAnswer: { readonly bytes: Buffer; readonly isReached: () => void } | undefined

  private constructor(targetPort: number) {
    this.#server = createServer((client) => {
      if (!this.#isOpen) {
        client.destroy()
        return
      }
      const target = connect(targetPort, '127.0.0.1')
      for (const [from, to] of [
        [client, target],
        [target, client],
      ] as const) {
        this.#sockets.add(from)
        from.on('data', (chunk: Buffer) => {
          if (this.#pass(chunk, to, from === target)) return
          from.pause()
          to.once('drain', () => from.resume())
        })
        from.on('end', () => to.end())
        from.on('error', () => {})
        from.on('close', () => {
          this.#sockets.delete(from)
          to.destroy()
        })
      }
    })
  }

  static async start(targetPort: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(targetPort)
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  /** False when the other side has enough for now. */
  #pass(chunk: Buffer, to: Socket, isAnswer: boolean): boolean {
    if (this.#isHeld) return true
    const last = isAnswer && this.#lastAnswer?.bytes
    if (!last || !chunk.includes(last)) return to.write(chunk)
    this.#lastAnswer?.isReached()
    this.#lastAnswer = undefined
    to.destroy()
    return true
  }

  /** The same URL, through this proxy. */
  urlOf(url: string): string {
    const through = new URL(url)
    const address = this.#server.address()
    through.port = String(typeof address === 'object' && address ? address.port : '')
    return through.href
  }

  /** Ends all connections; new ones are made or refused as it is open or closed. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  /** From now on what either side sends is lost, as when a cable is pulled. */
  hold(): void {
    this.#isHeld = true
  }

  /** Ends a connection in the moment in which the server answers with these bytes, once; they do not arrive. */
  endBefore(bytes: Buffer): Promise<void> {
    return new Promise((isReached) => {
      this.#lastAnswer = { bytes, isReached }
    })
  }

  close(): void {
    this.#isOpen = false
    this.cut()
  }

  open(): void {
    this.#isOpen = true
  }

  async stop(): Promise<void> {
    this.close()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }
}
