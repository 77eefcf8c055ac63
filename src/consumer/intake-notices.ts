import type { Logger } from '../runtime/logger.ts'
import { deadLettersOf, type Prepared } from './prepared.ts'

const MOST_TYPES = 1000
/** Most lines on dead letters between two pauses, each with one of them. */
const MOST_LINES = 20
/** Time in ms in which so many lines may be written: of a faulty definition there are thousands a second. */
const PAUSE_MS = 10_000

export type IntakeNoticesOptions = {
  readonly queue: string
  readonly logger: Pick<Logger, 'info' | 'warn'>
}

/**
 * Logs what became of stored messages that did not become events, beside the numbers of the statistics: each event
 * type without a definition once, and each dead letter with its id. Of more than 20 dead letters in 10 s one line tells
 * the number of the others, with the last of them.
 *
 * @example
 * const notices = new IntakeNotices({ queue: 'monitor.info', logger })
 * notices.add(batch, outcome.deadLetterIds)
 * notices.end()
 */
export class IntakeNotices {
  readonly #options: IntakeNoticesOptions
  readonly #types = new Set<string>()
  #lines = 0
  /** dead letters that no line has told yet, and the last of them */
  #untold = 0
  #last: KeptLetter | undefined
  #window: NodeJS.Timeout | undefined

  constructor(options: IntakeNoticesOptions) {
    this.#options = options
  }

  /** Logs what is new in messages that were stored. `ids` are those of their dead letters, in order. */
  add(stored: readonly Prepared[], ids: readonly (number | undefined)[]): void {
    let at = 0
    for (const prepared of stored) {
      if (prepared.outcome.kind === 'undefined') this.#addType(prepared.outcome.eventType)
      for (const { stage, reason } of deadLettersOf(prepared))
        this.#addLetter({ stage, reason, id: ids[at++] })
    }
  }

  /** Logs what waits for the end of a pause. */
  end(): void {
    clearTimeout(this.#window)
    this.#endWindow()
  }

  #addType(type: string): void {
    if (this.#types.has(type) || this.#types.size === MOST_TYPES) return
    this.#types.add(type)
    const { logger, queue } = this.#options
    logger.info(
      { queue, event_type: type },
      'no event definition matches this type; its notifications are dropped',
    )
  }

  #addLetter(letter: KeptLetter): void {
    if (this.#window === undefined) {
      this.#window = setTimeout(() => this.#endWindow(), PAUSE_MS)
      this.#window.unref()
    }
    if (this.#lines < MOST_LINES) {
      this.#lines++
      this.#write(letter, 1)
    } else {
      this.#untold++
      this.#last = letter
    }
  }

  #endWindow(): void {
    this.#window = undefined
    this.#lines = 0
    if (this.#last) this.#write(this.#last, this.#untold)
    this.#untold = 0
    this.#last = undefined
  }

  #write({ stage, reason, id }: KeptLetter, count: number): void {
    const { logger, queue } = this.#options
    const begin = count === 1 ? 'a dead letter was kept' : `${count} more dead letters were kept, the last`
    logger.warn({ queue, stage, dead_letter: id, count }, `${begin}: ${reason}`)
  }
}

type KeptLetter = { readonly stage: string; readonly reason: string; readonly id: number | undefined }
