/** Runs at most `count` pieces of work at a time; the others wait for their turn. */
export class Lanes {
  readonly #count: number
  #busy = 0
  readonly #waiting: (() => void)[] = []

  constructor(count: number) {
    this.#count = count
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#busy < this.#count) this.#busy++
    // A lane is passed on directly when its work ends.
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#busy--
    }
  }
}
