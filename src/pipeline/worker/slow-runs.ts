/**
 * Most slow runs of one pipeline before no others are begun: a server that is away must not fill the memory.
 */
const PLACES = 100
/** How many more runs are begun in WHILE_MS, to see whether the server accepts these. */
const SAMPLES = 20
const WHILE_MS = 5000
/** Most waiting runs of one pipeline, and most events, since these are in memory. */
const MOST = 1000
const MOST_EVENTS = 10_000
/** Most runs that wait alone and take no places. */
const MOST_ALONE = 1000

/** A run that has begun and may take long. */
export type Running = {
  readonly pipeline: string
  readonly events: number
  /** whether its receiver accepts data of other runs, so that this one is no sign of a server that is away */
  isAlone: boolean
}

/** Tracks slow runs, for which the worker does not wait. Each writes its own outcome. */
export class SlowRuns {
  readonly #slow = new Map<string, Map<Promise<void>, Running>>()
  readonly #now: () => number
  readonly #samples = new Map<string, number[]>()

  /** `now` returns a monotonic time, ms; given by tests. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** Adds a run until `ending` resolves. `ending` must never reject. */
  add(running: Running, ending: Promise<void>): void {
    const ofPipeline = this.#slow.get(running.pipeline) ?? new Map<Promise<void>, Running>()
    this.#slow.set(running.pipeline, ofPipeline.set(ending, running))
    void ending.then(() => ofPipeline.delete(ending))
  }

  /** Returns whether another run of this pipeline may begin now. */
  mayBegin(pipeline: string | undefined): boolean {
    if (pipeline === undefined) return true
    const { places, runs, events } = this.#waiting(pipeline)
    if (places < PLACES) return true
    return runs < MOST && events < MOST_EVENTS && this.#isSample(pipeline)
  }

  /** Returns whether no more runs of this pipeline begin, except samples. */
  isFull(pipeline: string): boolean {
    return this.#waiting(pipeline).places >= PLACES
  }

  /** Returns the number of slow runs now, by pipeline. */
  counts(): ReadonlyMap<string, number> {
    return new Map([...this.#slow].map(([pipeline, { size }]) => [pipeline, size]))
  }

  async ended(): Promise<void> {
    await Promise.all([...this.#slow.values()].flatMap((endings) => [...endings.keys()]))
  }

  #waiting(pipeline: string): { places: number; runs: number; events: number } {
    const running = [...(this.#slow.get(pipeline)?.values() ?? [])]
    const alone = running.filter(({ isAlone }) => isAlone).length
    return {
      places: running.length - Math.min(alone, MOST_ALONE),
      runs: running.length - alone,
      events: running.reduce((sum, { events }) => sum + events, 0),
    }
  }

  /**
   * Whether a run may begin as a sample. All waiting runs may be ones that no server would accept; only
   * further runs show whether the server is away.
   */
  #isSample(pipeline: string): boolean {
    const now = this.#now()
    const begun = (this.#samples.get(pipeline) ?? []).filter((at) => now - at < WHILE_MS)
    this.#samples.set(pipeline, begun)
    if (begun.length >= SAMPLES) return false
    begun.push(now)
    return true
  }
}
