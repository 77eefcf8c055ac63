import type { Logger } from '../../runtime/logger.ts'

/** What is said about queues and exchanges once, however many queues and attempts it comes up with. */
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

  /** Something is waited for; said again only when it has been there in between. */
  awaiting(object: string, sentence: string): void {
    if (!this.#awaited.has(object)) this.#logger.warn({}, sentence)
    this.#awaited.add(object)
  }

  /** Something is there; with a sentence, that is said when it was waited for. */
  arrived(object: string, sentence?: string): void {
    if (this.#awaited.delete(object) && sentence !== undefined) this.#logger.info({}, sentence)
  }

  #isNew(sentence: string): boolean {
    const isNew = !this.#said.has(sentence)
    this.#said.add(sentence)
    return isNew
  }
}
