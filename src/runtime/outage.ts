import type { Logger } from './logger.ts'

/** Logs an outage that many may notice: one line when the first attempt fails, one when an attempt succeeds again. */
export class Outage {
  readonly #logger: Pick<Logger, 'info' | 'warn'>
  readonly #recovery: string
  #isOn = false

  /** `recovery` is logged when the outage is over, e.g. `the database answers again`. */
  constructor(logger: Pick<Logger, 'info' | 'warn'>, recovery: string) {
    this.#logger = logger
    this.#recovery = recovery
  }

  /** An attempt failed, for the reason `what`, and will be made again. */
  failed(what: string): void {
    if (this.#isOn) return
    this.#isOn = true
    this.#logger.warn({}, `${what}; trying again until it works`)
  }

  /** An attempt succeeded. */
  over(): void {
    if (!this.#isOn) return
    this.#isOn = false
    this.#logger.info({}, this.#recovery)
  }
}
