import type { Logger } from '../../runtime/logger.ts'

/** Logs each notice about queues and exchanges once, whatever the number of queues and attempts. */
export class Notices {
  readonly #logger: Logger
  readonly #said = new Set<string>()
  readonly #awaited = new Set<string>()

  constructor(logger: Logger) {
    this.#logger = logger
  }

  info(sentence: string): void {
    if (this.#isNew(sentence)) this.#logger.info({}, sentence)
  }

  warn(sentence: string): void {
    if (this.#isNew(sentence)) this.#logger.warn({}, sentence)
  }

  /** Logs that `object` is waited for; again only after it has arrived in between. */
  awaiting(object: string, sentence: string): void {
    if (!this.#awaited.has(object)) this.#logger.warn({}, sentence)
    this.#awaited.add(object)
  }

  /** Records that `object` is there. Logs the sentence, if any, when it was waited for. */
  arrived(object: string, sentence?: string): void {
    if (this.#awaited.delete(object) && sentence !== undefined) this.#logger.info({}, sentence)
  }

  #isNew(sentence: string): boolean {
    const isNew = !this.#said.has(sentence)
    this.#said.add(sentence)
    return isNew
  }
}
