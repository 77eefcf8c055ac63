import type { Logger } from '../runtime/logger.ts'
import { deadLettersOf, type Prepared } from './prepared.ts'

const MOST_TYPES = 1000
/** Pause between two lines on dead letters, ms: of a faulty definition there are thousands a second. */
const PAUSE_MS = 10_000

export type IntakeNoticesOptions = {
  readonly queue: string
  readonly logger: Pick<Logger, 'info' | 'warn'>
}

/**
 * Logs what became of stored messages that did not become events, beside the numbers of the statistics: each event
 * type without a definition once, and dead letters at most every 10 s, with their number since the last line.
 *
 * @example
 * const notices = new IntakeNotices({ queue: 'monitor.info', logger })
 * notices.add(batch)
 * notices.end()
 */
export class IntakeNotices {
  readonly #options: IntakeNoticesOptions
  readonly #types = new Set<string>()
  /** dead letters that no line has told yet, and the last of them */
  #untold = 0
  #last = { stage: '', reason: '' }
  /** runs while no line may be written */
  #pause: NodeJS.Timeout | undefined

  constructor(options: IntakeNoticesOptions) {
    this.#options = options
  }

  /** Logs what is new in messages that were stored. */
  add(stored: readonly Prepared[]): void {
    for (const prepared of stored) {
      if (prepared.outcome.kind === 'undefined') this.#addType(prepared.outcome.eventType)
      for (const { stage, reason } of deadLettersOf(prepared)) {
        this.#untold++
        this.#last = { stage, reason }
        if (this.#pause === undefined) this.#tellLetters()
      }
    }
  }

  /** Logs what waits for the end of a pause. */
  end(): void {
    clearTimeout(this.#pause)
    this.#pause = undefined
    if (this.#untold > 0) this.#writeLetters()
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

  /** Logs the dead letters so far and begins a pause, after which those are logged that have come meanwhile. */
  #tellLetters(): void {
    this.#writeLetters()
    this.#pause = setTimeout(() => {
      this.#pause = undefined
      if (this.#untold > 0) this.#tellLetters()
    }, PAUSE_MS)
    this.#pause.unref()
  }

  #writeLetters(): void {
    const { logger, queue } = this.#options
    const { stage, reason } = this.#last
    const count = this.#untold
    const begin = count === 1 ? 'a dead letter was kept' : `${count} dead letters were kept, the last`
    logger.warn({ queue, stage, count }, `${begin}: ${reason}`)
    this.#untold = 0
  }
}
