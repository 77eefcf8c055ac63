import type { Worker } from '../../pipeline/worker/worker.ts'
import { allEnded } from '../../runtime/all-ended.ts'
import type { Service } from '../../runtime/lifecycle.ts'

/**
 * The worker of a process, which another one may replace while it runs. Leases keep the two apart: no stream is in
 * the hands of both.
 */
export class RunningWorker implements Service {
  #current: Worker
  readonly #retiring = new Set<Worker>()
  #isStopped = false
  readonly #onFailure: (error: unknown) => void

  /** `onFailure` is called when a worker that was replaced could not end as it should. */
  constructor(first: Worker, onFailure: (error: unknown) => void) {
    this.#current = first
    this.#onFailure = onFailure
  }

  start(): Promise<void> {
    return this.#current.start()
  }

  /** Starts the next worker. The one before claims no more streams, and ends when those in hand are done. */
  replace(next: Worker): void {
    if (this.#isStopped) return
    const before = this.#current
    this.#current = next
    this.#retiring.add(before)
    void before
      .retire()
      .catch(this.#onFailure)
      .finally(() => this.#retiring.delete(before))
    next.start().catch(this.#onFailure)
  }

  stop(): Promise<void> {
    this.#isStopped = true
    return allEnded([this.#current, ...this.#retiring].map((worker) => worker.stop()))
  }

  tell(): void {
    this.#current.tell()
  }

  hindrance(): string | undefined {
    return this.#current.hindrance()
  }

  away(): readonly string[] {
    return [...new Set(this.#all().flatMap((worker) => worker.away()))]
  }

  /** Returns the number of slow runs at this moment, by pipeline, those that began before a reload included. */
  slowRuns(): ReadonlyMap<string, number> {
    const sums = new Map<string, number>()
    for (const worker of this.#all())
      for (const [pipeline, count] of worker.slowRuns()) sums.set(pipeline, (sums.get(pipeline) ?? 0) + count)
    return sums
  }

  #all(): readonly Worker[] {
    return [this.#current, ...this.#retiring]
  }
}
