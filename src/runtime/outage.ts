import type { Logger } from './logger.ts'

/** A reason that differs from the one in the log is logged when so many failures in a row give it. */
const SAME_IN_A_ROW = 3
/** Most lines about the reasons of one outage. */
const MOST_LINES = 5

/**
 * Logs an outage that many parts may notice: one line when the first attempt fails, one on recovery. A server
 * that is away for another reason than at first gets a line for that reason too.
 */
export class Outage {
  readonly #logger: Pick<Logger, 'info' | 'warn'>
  readonly #recovery: string
  #isOn = false
  #reason: string | undefined
  /** the reasons in the log, without their numbers */
  #said: string[] = []
  #inARow = 0

  /** `recovery` is logged when the outage is over, e.g. `the database answers again`. */
  constructor(logger: Pick<Logger, 'info' | 'warn'>, recovery: string) {
    this.#logger = logger
    this.#recovery = recovery
  }

  get isOn(): boolean {
    return this.#isOn
  }

  /** The reason of the last failure; undefined when there is no outage. */
  get reason(): string | undefined {
    return this.#reason
  }

  /** Begins an outage that another line of the log has announced. */
  begin(): void {
    this.#isOn = true
  }

  /** Records that an attempt failed, for the reason `what`, and will be made again. */
  failed(what: string): void {
    const isFirst = !this.#isOn
    const isSame = this.#reason !== undefined && withoutNumbers(this.#reason) === withoutNumbers(what)
    this.#inARow = isSame ? this.#inARow + 1 : 1
    this.#isOn = true
    this.#reason = what
    if (isFirst || (this.#inARow === SAME_IN_A_ROW && this.#isNews(what))) this.#warn(what)
  }

  /** Records that an attempt succeeded. */
  over(): void {
    this.#reason = undefined
    if (!this.#isOn) return
    this.#isOn = false
    this.#said = []
    this.#logger.info({}, this.#recovery)
  }

  #warn(what: string): void {
    this.#said.push(withoutNumbers(what))
    this.#logger.warn({}, `${what}; trying again until it works`)
  }

  /** Whether the log lacks this reason. Another part may have logged the same reason in a longer sentence. */
  #isNews(what: string): boolean {
    const reason = withoutNumbers(what)
    const isSaid = this.#said.some((said) => said.includes(reason) || reason.includes(said))
    return !isSaid && this.#said.length < MOST_LINES
  }
}

/** Returns a reason without its numbers, such as those of channels and ports, which differ each time. */
function withoutNumbers(reason: string): string {
  return reason.replace(/\d+/g, '')
}
