import { connect, createServer, type Socket } from 'node:net'

type Pair = { readonly client: Socket; readonly target: Socket; isAnswerLost: boolean }

/** What becomes of a piece of data; after `lose-answer` it arrives, and what is answered to it does not. */
type Fate = 'pass' | 'cut' | 'lose-answer'

type Cut = { readonly fateOf: (chunk: Buffer, isAnswer: boolean) => Fate; readonly isDone: () => void }

/** Stands between a client and a server on this machine, and cuts their connections when told to. */
export class TcpProxy {
  readonly #pairs = new Set<Pair>()
  readonly #server
  #isOpen = true
  #isHeld = false
  #cut: Cut | undefined

  private constructor(targetPort: number) {
    this.#server = createServer((client) => {
      if (this.#isOpen)
        this.#connect({ client, target: connect(targetPort, '127.0.0.1'), isAnswerLost: false })
      else client.destroy()
    })
  }

  static async start(targetPort: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(targetPort)
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
        if (!this.#passes(chunk, pair, from === target) || to.write(chunk)) return
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

  #passes(chunk: Buffer, pair: Pair, isAnswer: boolean): boolean {
    if (this.#isHeld) return false
    const fate = isAnswer && pair.isAnswerLost ? 'cut' : (this.#cut?.fateOf(chunk, isAnswer) ?? 'pass')
    if (fate === 'pass') return true
    if (fate === 'lose-answer') {
      pair.isAnswerLost = true
      return true
    }
    const cut = this.#cut
    this.#cut = undefined
    cut?.isDone()
    pair.client.destroy()
    pair.target.destroy()
    return false
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

  /** Carries out every request that contains these bytes, and loses the answer to it, in this share of all cases. */
  loseAnswersTo(bytes: Buffer, isChosen: () => boolean): void {
    const fateOf = (chunk: Buffer, isAnswer: boolean): Fate =>
      !isAnswer && chunk.includes(bytes) && isChosen() ? 'lose-answer' : 'pass'
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
