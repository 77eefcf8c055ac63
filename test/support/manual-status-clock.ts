import type { StatusClock } from '../../src/status/status-clock.ts'

type Timer = { readonly at: number; readonly run: () => void }

/** A clock that stands still until a test moves it. */
export class ManualStatusClock implements StatusClock {
  #now = 0
  readonly #timers = new Set<Timer>()

  now(): number {
    return this.#now
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#now + ms, run }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Moves the clock to a time in ms and runs what is due on the way, each at its time. */
  moveTo(time: number): void {
    for (;;) {
      const due = [...this.#timers].filter(({ at }) => at <= time).sort((a, b) => a.at - b.at)[0]
      if (!due) break
      this.#now = Math.max(this.#now, due.at)
      this.#timers.delete(due)
      due.run()
    }
    this.#now = Math.max(this.#now, time)
  }
}
