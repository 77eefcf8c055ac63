import type { Logger } from '../../runtime/logger.ts'
import type { Outcome } from './file-job.ts'

const TROUBLES = new Set(['failed', 'no_date', 'no_customer', 'no_target'])

/** Returns whether something hinders a file that is due. */
export function isTrouble({ result, vanished }: Outcome): boolean {
  return TROUBLES.has(result) && !vanished
}

/**
 * Writes a line of the log for each change of a file's state, and none for what a pass finds as the one before did: one when a
 * trouble begins, one when it changes.
 */
export class Notices {
  readonly #logger: Logger
  #before = new Map<string, string>()
  #now = new Map<string, string>()
  #isTrouble = false

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** Begins a pass. */
  begin(): void {
    this.#now = new Map()
    this.#isTrouble = false
  }

  /** Ends a pass. Returns whether it was without trouble. */
  end(): boolean {
    this.#before = this.#now
    return !this.#isTrouble
  }

  tell(outcome: Outcome): void {
    const { file, placed, decision, result, uploaded, existed, deleted, failure, error, isRepeated } = outcome
    const fields = { file: file.text, set: placed.name, target: decision.target }
    if (isTrouble(outcome)) {
      this.#isTrouble = true
      const sentence = `${failure ?? result}: ${error}`
      if (this.#isNew(`${placed.name}\0${file.text}`, sentence) && !isRepeated)
        this.#logger.warn(fields, sentence)
      return
    }
    if (uploaded) this.#logger.info(fields, 'shipped and verified')
    else if (existed && !deleted) this.#logger.info(fields, 'verified: the store has it already')
    if (deleted) this.#logger.info(fields, 'deleted: its retention is over')
  }

  /** Takes a folder that cannot be looked through. */
  tellFault(path: string, reason: string): void {
    if (this.#isNew(`\0${path}`, reason)) this.#logger.warn({ folder: path }, `not looked through: ${reason}`)
  }

  #isNew(key: string, sentence: string): boolean {
    this.#now.set(key, sentence)
    return this.#before.get(key) !== sentence
  }
}
