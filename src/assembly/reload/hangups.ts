import { closeSync, openSync } from 'node:fs'
import { type ReloadOutcome, ReloadStateFile } from './outcome.ts'

/**
 * SIGHUP in a daemon: it asks for the configuration to be read again. Those that come before the daemon runs are
 * made up for then; one that comes while the configuration is being read makes it be read once more.
 *
 * The signal also comes when the terminal of a daemon is closed. The daemon is stopped then, as by SIGTERM.
 *
 * @example
 * const hangups = new Hangups()
 * hangups.listen(() => reloader.reload())
 */
export class Hangups {
  readonly #onTerminal = process.stderr.isTTY === true
  readonly #file = new ReloadStateFile()
  #isClosed = false
  #received = 0
  #served = 0
  #isBusy = false
  #listener: (() => Promise<ReloadOutcome>) | undefined

  /** From now on SIGHUP does not end the process. */
  constructor() {
    this.#file.write({ received: 0, served: 0 })
    process.on('SIGHUP', () => {
      if (this.#isClosed) return
      if (this.#onTerminal && !hasTerminal()) {
        // The kernel and the shell may both send the signal, and a second SIGTERM would end the process at once.
        this.#isClosed = true
        process.kill(process.pid, 'SIGTERM')
        return
      }
      this.#received++
      this.#file.write({ received: this.#received, served: this.#served })
      void this.#serve()
    })
  }

  /** Calls `listener` for each SIGHUP from now on, never twice at a time. It must not reject. */
  listen(listener: () => Promise<ReloadOutcome>): void {
    this.#listener = listener
    void this.#serve()
  }

  async #serve(): Promise<void> {
    if (this.#isBusy) return
    this.#isBusy = true
    while (this.#received > this.#served && this.#listener) {
      const asked = this.#received
      const outcome = await this.#listener()
      this.#served = asked
      this.#file.write({ received: this.#received, served: asked, outcome })
    }
    this.#isBusy = false
  }
}

/** Whether the terminal of this process is still there. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'))
    return true
  } catch {
    return false
  }
}
