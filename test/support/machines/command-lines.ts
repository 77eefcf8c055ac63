import { readdirSync, readFileSync } from 'node:fs'

const EVERY_MS = 100

/** Watches the command lines of all processes of this machine, and of machines on it, for texts that none may hold. */
export class CommandLines {
  readonly #texts: readonly string[]
  readonly #found = new Set<string>()
  readonly #timer: NodeJS.Timeout

  constructor(texts: readonly string[]) {
    this.#texts = texts
    this.#timer = setInterval(() => this.#look(), EVERY_MS)
  }

  /** Ends the watch. Returns the command lines that held one of the texts. */
  stop(): string[] {
    clearInterval(this.#timer)
    return [...this.#found]
  }

  #look(): void {
    for (const pid of readdirSync('/proc')) {
      if (!/^\d+$/.test(pid)) continue
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
        if (this.#texts.some((text) => line.includes(text))) this.#found.add(line)
      } catch {
        // It has ended meanwhile.
      }
    }
  }
}
