/** A part that handling a message depends on. */
export type Side = 'database' | 'archive' | 'apps'

export type AwayOptions = {
  /** how long a side may be away before `onAway` is called, ms */
  readonly patienceMs: number
  /** called once with the sides that are away, until all are back */
  readonly onAway: (sides: readonly Side[]) => void
  readonly onBack: () => void
}

/** Tracks which sides are away, and reports only absences that last longer than `patienceMs`. */
export class Away {
  readonly #options: AwayOptions
  /** the sides that are away, with the reason where one is known */
  readonly #sides = new Map<Side, string | undefined>()
  #timer: NodeJS.Timeout | undefined
  #isTold = false

  constructor(options: AwayOptions) {
    this.#options = options
  }

  get isAny(): boolean {
    return this.#sides.size > 0
  }

  /** The sides that are away, each with the reason where one is known. */
  get sides(): ReadonlyMap<Side, string | undefined> {
    return this.#sides
  }

  failed(side: Side, reason?: string): void {
    this.#sides.set(side, reason)
    // The timer must not keep a stopping process alive.
    this.#timer ??= setTimeout(() => this.tell(), this.#options.patienceMs).unref()
  }

  works(side: Side): void {
    if (!this.#sides.delete(side) || this.isAny) return
    this.stop()
    if (this.#isTold) this.#options.onBack()
    this.#isTold = false
  }

  /** Calls `onAway` at once when a side is away, without waiting for `patienceMs`. */
  tell(): void {
    if (this.#isTold || !this.isAny) return
    this.#isTold = true
    this.#options.onAway([...this.#sides.keys()])
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
