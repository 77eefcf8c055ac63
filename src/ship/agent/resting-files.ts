import type { FoundFile } from './find-files.ts'
import { identityText } from './identity.ts'

/** A file as of when it was decided, and the times between which the decision stays the same, in ms since the epoch. */
type Rest = { readonly identity: string; readonly from: number; readonly until: number }

/**
 * The files with which nothing is to be done for some time: those that wait for their age or their retention. They need not be
 * decided about again until then, unless they change.
 */
export class RestingFiles {
  #before = new Map<string, Rest>()
  #now = new Map<string, Rest>()

  /** Begins a pass: files that it does not come across are forgotten at its end. */
  begin(): void {
    this.#before = this.#now
    this.#now = new Map()
  }

  /**
   * Returns until when nothing is to be done with a file; undefined where that is not known at a time. A clock that was set back ends its
   * rest.
   */
  until({ text, stats }: FoundFile, now: number): number | undefined {
    const rest = this.#before.get(text)
    if (!rest || now < rest.from || now >= rest.until || rest.identity !== identityText(stats))
      return undefined
    this.#now.set(text, rest)
    return rest.until
  }

  add({ text, stats }: FoundFile, from: number, until: number): void {
    this.#now.set(text, { identity: identityText(stats), from, until })
  }
}
