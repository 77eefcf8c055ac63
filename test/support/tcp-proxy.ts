import { connect, createServer, type Socket } from 'node:net'

type Pair = { readonly client: Socket; readonly target: Socket; answer: Exclude<Fate, 'cut'> }

/**
 * What happens to a piece of data. `lose-answer` delivers it and cuts the connection instead of its answer.
 * `time-out` delivers it and answers that waiting for a lock took too long.
 */
export type Fate = 'pass' | 'cut' | 'lose-answer' | 'time-out'

/** ER_LOCK_WAIT_TIMEOUT as MySQL and MariaDB send it: length, sequence number, 0xff, code, state, text. */
const TIME_OUT = Buffer.from('\0\0\0\x01\xff\xb5\x04#HY000Lock wait timeout exceeded; try again', 'latin1')
TIME_OUT[0] = TIME_OUT.length - 4

/** Ports of URLs that name none, by protocol. */
const PORTS: { readonly [protocol: string]: number } = { 'amqp:': 5672, 'mysql:': 3306 }

type Cut = { readonly fateOf: (chunk: Buffer, isAnswer: boolean) => Fate; readonly isDone: () => void }

/** A proxy between clients and a server on this machine that cuts connections on demand. */
export class TcpProxy {
  readonly #pairs = new Set<Pair>()
  readonly #server
  #targetPort: number
  #isOpen = true
  #isHeld = false
  #cut: Cut | undefined

  private constructor(targetPort: number) {
    this.#targetPort = targetPort
    this.#server = createServer((client) => {
      const target = () => connect(this.#targetPort, '127.0.0.1')
      if (this.#isOpen) this.#connect({ client, target: target(), answer: 'pass' })
      else client.destroy()
    })
  }

  /** Starts a proxy for the server of a URL. */
  static async start(url: string): Promise<TcpProxy> {
    const { port, protocol } = new URL(url)
    const proxy = new TcpProxy(Number(port) || (PORTS[protocol] ?? 0))
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  #connect(pair: Pair): void {
    const { client, target } = pair
    this.#pairs.add(pair)
    for (const [from, to] of [
      [client, target],
      [target, client],
    ] as const) {
      from.on('data', (chunk: Buffer) => {
        const passed = this.#pass(chunk, pair, from === target)
        if (!passed || to.write(passed)) return
        from.pause()
        to.once('drain', () => from.resume())
      })
      from.on('end', () => to.end())
      from.on('error', () => {})
      from.on('close', () => {
        this.#pairs.delete(pair)
        to.destroy()
      })
    }
  }

  /** Returns the data to forward in place of a piece of data; undefined for none. */
  #pass(chunk: Buffer, pair: Pair, isAnswer: boolean): Buffer | undefined {
    if (this.#isHeld) return undefined
    const { answer } = pair
    if (isAnswer && answer === 'time-out') {
      pair.answer = 'pass'
      this.#done()
      return TIME_OUT
    }
    const fate = isAnswer && answer === 'lose-answer' ? 'cut' : (this.#cut?.fateOf(chunk, isAnswer) ?? 'pass')
    if (fate !== 'cut') {
      if (fate !== 'pass') pair.answer = fate
      return chunk
    }
    this.#done()
    pair.client.destroy()
    pair.target.destroy()
    return undefined
  }

  #done(): void {
    const cut = this.#cut
    this.#cut = undefined
    cut?.isDone()
  }

  /** Returns a URL that leads through this proxy. */
  urlOf(url: string): string {
    const through = new URL(url)
    const address = this.#server.address()
    through.port = String(typeof address === 'object' && address ? address.port : '')
    return through.href
  }

  /** Ends all connections. New ones are accepted only while the proxy is open. */
  cut(): void {
    for (const { client, target } of this.#pairs) {
      client.destroy()
      target.destroy()
    }
  }

  /** Directs new connections to another server. Existing ones stay, as in a failover by name or address. */
  lead(targetPort: number): void {
    this.#targetPort = targetPort
  }

  /** Drops all data of both sides from now on, as when a cable is pulled. */
  hold(): void {
    this.#isHeld = true
  }

  /** Cuts a connection once, when the server answers with these bytes; they do not arrive. Resolves then. */
  cutBeforeAnswer(bytes: Buffer): Promise<void> {
    return this.#cutWhere((chunk, isAnswer) => (isAnswer && chunk.includes(bytes) ? 'cut' : 'pass'))
  }

  /**
   * Cuts a connection at a request, by its number from now on over all connections. The request is lost or,
   * with `isCarriedOut`, executed but not answered. Resolves then.
   */
  cutAtRequest(number: number, isCarriedOut: boolean): Promise<void> {
    let count = 0
    return this.#cutWhere((_, isAnswer) => {
      if (isAnswer || ++count !== number) return 'pass'
      return isCarriedOut ? 'lose-answer' : 'cut'
    })
  }

  /** Chooses the fate of every request with exactly this text. */
  treat(query: string, choose: () => Fate): void {
    // Packet of the MySQL protocol: length, sequence number, COM_QUERY, text.
    const request = Buffer.from([query.length + 1, 0, 0, 0, 3, ...Buffer.from(query)])
    const fateOf = (chunk: Buffer, isAnswer: boolean): Fate =>
      !isAnswer && chunk.equals(request) ? choose() : 'pass'
    const again = () => {
      this.#cut = { fateOf, isDone: again }
    }
    again()
  }

  #cutWhere(fateOf: Cut['fateOf']): Promise<void> {
    return new Promise((isDone) => {
      this.#cut = { fateOf, isDone }
    })
  }

  /** Cancels all cuts to come. */
  spare(): void {
    this.#cut = undefined
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
