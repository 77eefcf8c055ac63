const EVERY_MS = 250
const WIPE = '\r\u001b[K'

/** How far long work has come: a line on standard error that is written over on a terminal, nothing elsewhere. */
export class StatusLine {
  #shownAt = performance.now()

  show(text: string): void {
    const now = performance.now()
    if (!process.stderr.isTTY || now - this.#shownAt < EVERY_MS) return
    this.#shownAt = now
    process.stderr.write(`${WIPE}${text}`)
  }

  clear(): void {
    if (process.stderr.isTTY) process.stderr.write(WIPE)
  }

  /** Takes the line away and says what it came to. */
  end(text: string): void {
    process.stderr.write(`${process.stderr.isTTY ? WIPE : ''}${text}\n`)
  }
}
