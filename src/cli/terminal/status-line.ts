/** A terminal, or what stands for it. */
export type StatusTarget = { readonly isTTY?: boolean; write(text: string): unknown }

const EVERY_MS = 250
const WIPE = '\r\u001b[K'

/** How far long work has come: a line that is written over on a terminal, nothing elsewhere. */
export class StatusLine {
  readonly #target: StatusTarget
  readonly #now: () => number
  #shownAt: number

  /** `now` is a clock in ms. */
  constructor(target: StatusTarget = process.stderr, now = () => performance.now()) {
    this.#target = target
    this.#now = now
    this.#shownAt = now()
  }

  /** Told often: the text is only made when it is shown. */
  show(text: () => string): void {
    if (!this.#target.isTTY) return
    const now = this.#now()
    if (now - this.#shownAt < EVERY_MS) return
    this.#shownAt = now
    this.#target.write(`${WIPE}${text()}`)
  }

  /** Takes the line away. */
  clear(): void {
    if (this.#target.isTTY) this.#target.write(WIPE)
  }

  /** Takes the line away and says what it came to. */
  end(text: string): void {
    this.clear()
    this.#target.write(`${text}\n`)
  }
}
