/** A terminal, or a substitute for it in tests. */
export type StatusTarget = { readonly isTTY?: boolean; write(text: string): unknown }

const EVERY_MS = 250
const WIPE = '\r\u001b[K'

/**
 * Progress of a long task: a line that is overwritten on a terminal. Nothing is shown elsewhere until the
 * end.
 *
 * @example
 * const line = new StatusLine()
 * line.show(() => `${count} events so far`)
 * line.end(`${count} events`)
 */
export class StatusLine {
  readonly #target: StatusTarget
  readonly #now: () => number
  #shownAt: number

  /** `now` returns a monotonic time in ms. */
  constructor(target: StatusTarget = process.stderr, now = () => performance.now()) {
    this.#target = target
    this.#now = now
    this.#shownAt = now()
  }

  /** Shows a text at most every 250 ms. Cheap to call often: the text is built only when it is shown. */
  show(text: () => string): void {
    if (!this.#target.isTTY) return
    const now = this.#now()
    if (now - this.#shownAt < EVERY_MS) return
    this.#shownAt = now
    this.#target.write(`${WIPE}${text()}`)
  }

  /** Removes the line. */
  clear(): void {
    if (this.#target.isTTY) this.#target.write(WIPE)
  }

  /** Removes the line and writes a final text, elsewhere than on a terminal too. */
  end(text: string): void {
    this.clear()
    this.#target.write(`${text}\n`)
  }
}
