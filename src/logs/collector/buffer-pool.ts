/** A fixed number of buffers of one size, made when they are first needed. Who finds none waits. */
export class BufferPool {
  readonly #bytes: number
  #unmade: number
  readonly #free: Buffer[] = []
  readonly #waiting: ((buffer: Buffer) => void)[] = []

  constructor(count: number, bytes: number) {
    this.#unmade = count
    this.#bytes = bytes
  }

  async take(): Promise<Buffer> {
    const free = this.#free.pop()
    if (free) return free
    if (this.#unmade === 0) return new Promise((resolve) => this.#waiting.push(resolve))
    this.#unmade--
    return Buffer.allocUnsafeSlow(this.#bytes)
  }

  give(buffer: Buffer): void {
    const next = this.#waiting.shift()
    if (next) next(buffer)
    else this.#free.push(buffer)
  }
}
