/** Counters of a daemon by name. One that has counted nothing is not there. */
export class Counters {
  readonly #counts = new Map<string, number>()

  add(name: string, count = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + count)
  }

  set(name: string, count: number): void {
    this.#counts.set(name, count)
  }

  get(name: string): number {
    return this.#counts.get(name) ?? 0
  }

  /** Returns all counters, sorted by name. */
  all(): { readonly [name: string]: number } {
    return Object.fromEntries([...this.#counts].sort(([one], [other]) => (one < other ? -1 : 1)))
  }

  /** Returns them on one line, as Go's expvar writes a map: `{"a": 1, "b": 2}`. */
  toLine(): string {
    const parts = Object.entries(this.all()).map(([name, count]) => `${JSON.stringify(name)}: ${count}`)
    return `{${parts.join(', ')}}`
  }
}
