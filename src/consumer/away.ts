/** What a message needs to be done with. */
export type Side = 'database' | 'archive' | 'apps'

export type AwayOptions = {
  /** how long one may be away before it is told, ms */
  readonly patienceMs: number
  /** told once, until all are back */
  readonly onAway: (sides: readonly Side[]) => void
  readonly onBack: () => void
}

/** Which sides are away; a moment's absence is nobody's business. */
export class Away {
  readonly #options: AwayOptions
  readonly #sides = new Set<Side>()
  #timer: NodeJS.Timeout | undefined
  #isTold = false

  constructor(options: AwayOptions) {
    this.#options = options
  }

  get isAny(): boolean {
    return this.#sides.size > 0
  }

  failed(side: Side): void {
    this.#sides.add(side)
    // What stops meanwhile does not wait for it.
    this.#timer ??= setTimeout(() => this.tell(), this.#options.patienceMs).unref()
  }

  works(side: Side): void {
    if (!this.#sides.delete(side) || this.isAny) return
    this.stop()
    if (this.#isTold) this.#options.onBack()
    this.#isTold = false
  }

  /** Without waiting any longer. */
  tell(): void {
    if (this.#isTold || !this.isAny) return
    this.#isTold = true
    this.#options.onAway([...this.#sides])
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
