import type { SourceFile } from './source-file.ts'

/** Files in line for a turn: each stands there once. */
export class Turns {
  readonly #ready: SourceFile[] = []
  readonly #timers = new Map<SourceFile, NodeJS.Timeout>()
  #next = Promise.withResolvers<void>()
  #isClosed = false

  get isEmpty(): boolean {
    return this.#ready.length === 0
  }

  add(file: SourceFile): void {
    if (file.isQueued || this.#isClosed) return
    file.isQueued = true
    this.#ready.push(file)
    this.#next.resolve()
  }

  /** Adds a file after a time, or earlier where it has to wait for one already. */
  addLater(file: SourceFile, ms: number): void {
    if (this.#timers.has(file) || this.#isClosed) return
    const add = () => {
      this.#timers.delete(file)
      this.add(file)
    }
    this.#timers.set(file, setTimeout(add, ms))
  }

  /** Resolves to the first file in line, which may stand there again from then on; to undefined when it is closed. */
  async take(): Promise<SourceFile | undefined> {
    while (!this.#isClosed) {
      const file = this.#ready.shift()
      if (file) {
        file.isQueued = false
        return file
      }
      this.#next = Promise.withResolvers()
      await this.#next.promise
    }
    return undefined
  }

  close(): void {
    this.#isClosed = true
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#next.resolve()
  }
}
