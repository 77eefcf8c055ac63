import type { Micros } from '../domain/time.ts'
import type { ReplayClock } from './replay-clock.ts'

/** Batches that may be stored while the runs of an earlier one are under way. */
const MOST_BEHIND = 8

/**
 * Runs due streams beside the storing of batches. Runs that fall behind are made up for in larger claims; whoever is far
 * ahead waits for them. A stream that is due takes no events of later batches, so it does not matter when it runs.
 *
 * @example
 * const runs = new RunsBeside(clock, () => runDue(options))
 * await runs.advance(position.at)
 * await runs.settled()
 */
export class RunsBeside {
  readonly #clock: ReplayClock
  readonly #runDue: () => Promise<void>
  #to: Micros = 0
  #behind = 0
  #running: Promise<void> | undefined
  #failure: { readonly error: unknown } | undefined

  /** `runDue` runs all streams that are due by the clock. */
  constructor(clock: ReplayClock, runDue: () => Promise<void>) {
    this.#clock = clock
    this.#runDue = runDue
  }

  /** Begins to run the streams that are due by a time. Resolves at once unless the runs are too far behind. */
  async advance(to: Micros): Promise<void> {
    this.#to = Math.max(this.#to, to)
    this.#behind++
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
    if (this.#behind > MOST_BEHIND) await this.settled()
    this.#throwFailure()
  }

  /** Resolves when no run is under way and none is due. Rejects with the error that ended the runs. */
  async settled(): Promise<void> {
    await this.#running
    this.#throwFailure()
  }

  async #run(): Promise<void> {
    try {
      for (let reached: Micros | undefined; reached !== this.#to; ) {
        reached = this.#to
        this.#behind = 0
        this.#clock.advance(reached)
        await this.#runDue()
      }
    } catch (error) {
      this.#failure = { error }
    }
  }

  #throwFailure(): void {
    const failure = this.#failure
    this.#failure = undefined
    if (failure) throw failure.error
  }
}
