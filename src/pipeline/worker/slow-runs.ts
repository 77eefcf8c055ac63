/** Runs of one pipeline that wait, at a time: a server that is away must not fill the memory. */
const PLACES = 100
/** How many more are begun in a while, to see whether the server takes these. */
const SAMPLES = 20
const WHILE_MS = 5000
/** What waits has its events in memory: in all no more than so many runs and events of a pipeline. */
const MOST = 1000
const MOST_EVENTS = 10_000
/** Runs that wait alone and take no places. */
const MOST_ALONE = 1000

/** A run that has been begun, and may take long. */
export type Running = {
  readonly pipeline: string
  readonly events: number
  /** its receiver takes others: it is no sign of a server that is away */
  isAlone: boolean
}

/** Runs that take long, beside those that a worker waits for; each writes its own outcome. */
export class SlowRuns {
  readonly #slow = new Map<string, Map<Promise<void>, Running>>()
  readonly #now: () => number
  readonly #samples = new Map<string, number[]>()

  /** `now`: ms, for tests */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** `ending` never rejects. */
  add(running: Running, ending: Promise<void>): void {
    const ofPipeline = this.#slow.get(running.pipeline) ?? new Map<Promise<void>, Running>()
    this.#slow.set(running.pipeline, ofPipeline.set(ending, running))
    void ending.then(() => ofPipeline.delete(ending))
  }

  /** Whether another run of this pipeline should be begun now. */
  mayBegin(pipeline: string | undefined): boolean {
    if (pipeline === undefined) return true
    const { places, runs, events } = this.#waiting(pipeline)
    if (places < PLACES) return true
    return runs < MOST && events < MOST_EVENTS && this.#isSample(pipeline)
  }

  /** No more streams of this pipeline are begun, but for samples. */
  isFull(pipeline: string): boolean {
    return this.#waiting(pipeline).places >= PLACES
  }

  /** How many there are now, by pipeline. */
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

  /** Those that wait may all be such as no server takes: others tell. */
  #isSample(pipeline: string): boolean {
    const now = this.#now()
    const begun = (this.#samples.get(pipeline) ?? []).filter((at) => now - at < WHILE_MS)
    this.#samples.set(pipeline, begun)
    if (begun.length >= SAMPLES) return false
    begun.push(now)
    return true
  }
}
