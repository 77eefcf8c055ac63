/** The clock of a status tree: of the machine, or one that a test moves. */
export type StatusClock = {
  /** Returns the time in ms; it never jumps. */
  now(): number
  /** Calls `run` after `ms`. Returns the function that calls it off. */
  after(ms: number, run: () => void): () => void
}

/** The clock of the machine. Its timers do not keep a process alive. */
export const machineClock: StatusClock = {
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms).unref()
    return () => clearTimeout(timer)
  },
}

/** Calls `run` each `ms` until the function that it returns is called. */
export function every(clock: StatusClock, ms: number, run: () => void): () => void {
  let cancel = clock.after(ms, next)
  function next() {
    cancel = clock.after(ms, next)
    run()
  }
  return () => cancel()
}
