import { messageOf } from '../domain/errors.ts'
import type { TallyBook } from '../domain/tally.ts'
import type { Service } from '../runtime/lifecycle.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Tallies } from '../store/ports/tallies.ts'

const EVERY_MS = 10_000

export type TallyKeeping = {
  readonly book: TallyBook
  readonly store: Tallies
  readonly logger: Logger
  /** pause between two transactions, ms (10,000) */
  readonly everyMs?: number
}

/** Creates the service that stores counts from time to time, and at its end. */
export function createTallyKeeper({ book, store, logger, everyMs = EVERY_MS }: TallyKeeping): Service {
  let timer: NodeJS.Timeout | undefined
  let storing: Promise<void> = Promise.resolve()

  async function keep(): Promise<void> {
    const tallies = book.take()
    try {
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
    },
  }
}
