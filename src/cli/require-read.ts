import { StackTachError } from '../domain/errors.ts'

/** Begin of the value of a timestamp that the REST form has, and no notification. */
const REST_TIME = /__type__\\*" ?: ?\\*"datetime/

/** Counts what became of records that a command has read. */
export class Outcomes {
  #read = 0
  #failed = 0
  #areEvents = false

  /** Counts a record; `failure` is why it did not become an event. */
  add(failure: string | null): void {
    this.#read++
    if (failure === null) return
    this.#failed++
    this.#areEvents ||= REST_TIME.test(failure)
  }

  /** whether no record was counted */
  get areNone(): boolean {
    return this.#read === 0
  }

  /** Throws StackTachError when no record could be read, or none of them became an event for failures. */
  require(files: readonly string[]): void {
    requireRead(this.#read, files)
    if (this.#failed < this.#read) return
    const hint = this.#areEvents ? '; these are events already, as distill and klugman print them' : ''
    throw new StackTachError('config', `${files.join(', ')}: no notification could become an event${hint}`)
  }
}

/** Throws StackTachError when no notification, or whatever `what` names, could be read from files. */
export function requireRead(count: number, files: readonly string[], what = 'notification'): void {
  if (count === 0) throw new StackTachError('config', `${files.join(', ')}: no ${what} could be read`)
}
