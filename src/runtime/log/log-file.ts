import { appendFileSync, closeSync, fstatSync, openSync, statSync } from 'node:fs'

/** How often at most a file is asked whether it is still the one under its name, ms. */
const LOOK_MS = 1000

/** A log file: readable by its owner and by its group. */
const MODE = 0o640

/**
 * A file to which lines are appended, also by several processes. When the file under the name has become
 * another one, as after logrotate has moved it away, the next line after at most a second goes to the new one.
 * Rejects nothing: a line that cannot be written goes to `onRefused`.
 */
export class LogFile {
  readonly path: string
  readonly #onRefused: (line: string, error: unknown) => void
  #descriptor: number
  #lookedAt = performance.now()

  /** Opens or creates the file. Throws the system's error. */
  constructor(path: string, onRefused: (line: string, error: unknown) => void) {
    this.path = path
    this.#onRefused = onRefused
    this.#descriptor = openSync(path, 'a', MODE)
  }

  write(line: string): void {
    this.#follow()
    try {
      appendFileSync(this.#descriptor, line)
    } catch (error) {
      this.#onRefused(line, error)
    }
  }

  /** Closes the file and opens it by its name again. Throws the system's error, and keeps the open file then. */
  reopen(): void {
    const next = openSync(this.path, 'a', MODE)
    closeSync(this.#descriptor)
    this.#descriptor = next
  }

  close(): void {
    closeSync(this.#descriptor)
  }

  #follow(): void {
    const now = performance.now()
    if (now - this.#lookedAt < LOOK_MS) return
    this.#lookedAt = now
    try {
      if (!this.#isMoved()) return
      this.reopen()
    } catch {
      // The folder may be gone for a moment; until then the open file takes the lines.
    }
  }

  #isMoved(): boolean {
    const [open, named] = [fstatSync(this.#descriptor), statSync(this.path, { throwIfNoEntry: false })]
    return named === undefined || named.ino !== open.ino || named.dev !== open.dev
  }
}
