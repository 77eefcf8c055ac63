import { connect, createServer, type Socket } from 'node:net'

type Pair = { readonly client: Socket; readonly target: Socket; answer: Exclude<Fate, 'cut'> }

/**
 * What becomes of a piece of data. After `lose-answer` and `time-out` it arrives; the connection is cut in the place of
 * the answer to it, or that says that waiting for a lock took too long.
 */
export type Fate = 'pass' | 'cut' | 'lose-answer' | 'time-out'

/** ER_LOCK_WAIT_TIMEOUT as MySQL and MariaDB tell it: length, number in the sequence, 0xff, code, state, text. */
const TIME_OUT = Buffer.from('\0\0\0\x01\xff\xb5\x04#HY000Lock wait timeout exceeded; try again', 'latin1')
TIME_OUT[0] = TIME_OUT.length - 4

/** Of URLs that name none. */
const PORTS: { readonly [protocol: string]: number } = { 'amqp:': 5672, 'mysql:': 3306 }

type Cut = { readonly fateOf: (chunk: Buffer, isAnswer: boolean) => Fate; readonly isDone: () => void }

/** Stands between a client and a server on this machine, and cuts their connections when told to. */
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

  /** Stands before the server of a URL. */
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

  /** What goes on in the place of a piece of data; undefined: nothing. */
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

  /** The same URL, through this proxy. */
  urlOf(url: string): string {
    const through = new URL(url)
    const address = this.#server.address()
    through.port = String(typeof address === 'object' && address ? address.port : '')
    return through.href
  }

  /** Ends all connections; new ones are made or refused as it is open or closed. */
  cut(): void {
    for (const { client, target } of this.#pairs) {
      client.destroy()
      target.destroy()
    }
  }

  /** New connections go to another server; those that are made stay, as in a failover by name or address. */
  lead(targetPort: number): void {
    this.#targetPort = targetPort
  }

  /** From now on what either side sends is lost, as when a cable is pulled. */
  hold(): void {
    this.#isHeld = true
  }

  /** Ends a connection in the moment in which the server answers with these bytes, once; they do not arrive. */
  cutBeforeAnswer(bytes: Buffer): Promise<void> {
    return this.#cutWhere((chunk, isAnswer) => (isAnswer && chunk.includes(bytes) ? 'cut' : 'pass'))
  }

  /**
   * Ends a connection at the request of this number, counted from now on over all connections: before it arrives,
   * or after the server has carried it out and before that is known.
   */
  cutAtRequest(number: number, isCarriedOut: boolean): Promise<void> {
    let count = 0
    return this.#cutWhere((_, isAnswer) => {
      if (isAnswer || ++count !== number) return 'pass'
      return isCarriedOut ? 'lose-answer' : 'cut'
    })
  }

  /** Every request with this text, and no other, meets the fate that is chosen for it. */
  treat(query: string, choose: () => Fate): void {
    // As the protocol of MySQL says it: length, number in the sequence, COM_QUERY, text.
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

  /** Takes back what was said of cuts to come. */
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
