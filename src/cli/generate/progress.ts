import { formatIso, type Micros } from '../../domain/time.ts'

/** A terminal, or what stands for it. */
export type ProgressTarget = { readonly isTTY?: boolean; write(text: string): unknown }

const EVERY_MS = 250
const WIPE = '\r\u001b[K'

/** How far a run has come: a line that is written over on a terminal, nothing elsewhere. */
export class Progress {
  readonly #target: ProgressTarget
  readonly #end: Micros
  readonly #start: Micros
  readonly #now: () => number
  readonly #begun: number
  #shownAt: number
  #count = 0
  #at: Micros

  /** `now` is a clock in ms. */
  constructor(
    target: ProgressTarget,
    { start, end }: { start: Micros; end: Micros },
    now = () => performance.now(),
  ) {
    this.#target = target
    this.#start = start
    this.#at = start
    this.#end = end
    this.#now = now
    this.#begun = now()
    this.#shownAt = this.#begun
  }

  /** So many more are out; the last one is of this time. */
  add(count: number, at: Micros): void {
    this.#count += count
    this.#at = at
    const now = this.#now()
    if (!this.#target.isTTY || now - this.#shownAt < EVERY_MS) return
    this.#shownAt = now
    const done = Math.min(1, (at - this.#start) / Math.max(1, this.#end - this.#start))
    this.#target.write(
      `${WIPE}${this.#counted()}, at ${formatIso(at).slice(0, 19)} (${Math.floor(done * 100)} %)`,
    )
  }

  get count(): number {
    return this.#count
  }

  /** the time of the last */
  get at(): Micros {
    return this.#at
  }

  /** Takes the line away; answers what it came to, such as `1,200 notifications in 0.1 s, 12,000/s`. */
  end(): string {
    if (this.#target.isTTY) this.#target.write(WIPE)
    return this.#counted()
  }

  #counted(): string {
    const seconds = Math.max(0.001, (this.#now() - this.#begun) / 1000)
    const perSecond = Math.round(this.#count / seconds)
    return `${grouped(this.#count)} notifications in ${seconds.toFixed(1)} s, ${grouped(perSecond)}/s`
  }
}

/** Digits in groups of three. */
export function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',')
}
