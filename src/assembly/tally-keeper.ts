import { messageOf } from '../domain/errors.ts'
import type { TallyBook } from '../domain/tally.ts'
import type { Service } from '../runtime/lifecycle.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Samples } from '../store/ports/samples.ts'
import type { Tallies } from '../store/ports/tallies.ts'

const EVERY_MS = 10_000

export type TallyKeeping = {
  readonly book: TallyBook
  readonly store: Tallies & Pick<Samples, 'noteContact' | 'forgetContact'>
  /** the process, which is noted to live each time; none unless given */
  readonly contact?: { readonly name: string; readonly role: string }
  readonly logger: Logger
  /** pause between two transactions, ms (10,000) */
  readonly everyMs?: number
}

/** Creates the service that stores counts and that the process lives, from time to time, and at its end. */
export function createTallyKeeper({
  book,
  store,
  contact,
  logger,
  everyMs = EVERY_MS,
}: TallyKeeping): Service {
  let timer: NodeJS.Timeout | undefined
  let storing: Promise<void> = Promise.resolve()

  async function keep(): Promise<void> {
    const tallies = book.take()
    try {
      if (contact) await store.noteContact(contact)
      await store.addTallies(tallies)
    } catch (error) {
      book.putBack(tallies)
      logger.debug(
        { error: messageOf(error) },
        'counts could not be stored; they are kept until the next time',
      )
    }
  }

  /** One at a time: while the database is away they would pile up. */
  function keepInTurn(): Promise<void> {
    storing = storing.then(keep)
    return storing
  }

  return {
    async start() {
      void keepInTurn()
      let isBusy = false
      timer = setInterval(() => {
        if (isBusy) return
        isBusy = true
        void keepInTurn().finally(() => {
          isBusy = false
        })
      }, everyMs)
    },
    async stop() {
      clearInterval(timer)
      await keepInTurn()
      if (contact) await store.forgetContact(contact.name).catch(() => {})
    },
  }
}
