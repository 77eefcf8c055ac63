export type BackoffOptions = {
  /** first wait, ms */
  readonly initialMs: number
  /** longest wait, ms */
  readonly maxMs: number
  /** random source in [0, 1), for tests */
  readonly random?: () => number
}

/** Waits that double from `initialMs` to `maxMs`, each shortened by up to half at random. */
export class Backoff {
  readonly #options: BackoffOptions
  #attempt = 0

  constructor(options: BackoffOptions) {
    this.#options = options
  }

  /** Returns the next wait in ms. */
  next(): number {
    const { initialMs, maxMs, random = Math.random } = this.#options
    const full = Math.min(maxMs, initialMs * 2 ** this.#attempt)
    this.#attempt = Math.min(this.#attempt + 1, 30)
    return full * (1 - random() / 2)
  }

  /** Begins again with the first wait. */
  reset(): void {
    this.#attempt = 0
  }
}

/** Resolves after `ms`, or at once when the signal aborts; never rejects. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', done, { once: true })
  })
}
