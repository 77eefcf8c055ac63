/** Runs of one pipeline that take long, at a time: a server that is away must not fill the memory. */
const MOST_OF_A_PIPELINE = 100

/** Runs that take long, beside those that a worker waits for; each writes its own outcome. */
export class SlowRuns {
  readonly #endings = new Map<string, Set<Promise<void>>>()

  /** `ending` never rejects. */
  add(pipeline: string, ending: Promise<void>): void {
    const endings = this.#endings.get(pipeline) ?? new Set()
    this.#endings.set(pipeline, endings.add(ending))
    void ending.then(() => endings.delete(ending))
  }

  /** No more streams of this pipeline should be begun. */
  isFull(pipeline: string | undefined): boolean {
    return pipeline !== undefined && (this.#endings.get(pipeline)?.size ?? 0) >= MOST_OF_A_PIPELINE
  }

  /** How many there are now, by pipeline. */
  counts(): ReadonlyMap<string, number> {
    return new Map([...this.#endings].map(([pipeline, { size }]) => [pipeline, size]))
  }

  async ended(): Promise<void> {
    await Promise.all([...this.#endings.values()].flatMap((endings) => [...endings]))
  }
}
