import type { Logger } from './logger.ts'

/** Something that is away, for many at once: one line of log when the first finds it so, one when it is back. */
export class Outage {
  readonly #logger: Pick<Logger, 'info' | 'warn'>
  readonly #back: string
  #isOn = false

  /** `back`: what is said when it is over */
  constructor(logger: Pick<Logger, 'info' | 'warn'>, back: string) {
    this.#logger = logger
    this.#back = back
  }

  /** Something failed that will be tried again. */
  failed(what: string): void {
    if (this.#isOn) return
    this.#isOn = true
    this.#logger.warn({}, `${what}; trying again until it works`)
  }

  /** It worked. */
  over(): void {
    if (!this.#isOn) return
    this.#isOn = false
    this.#logger.info({}, this.#back)
  }
}
