import type { Logger } from '../runtime/logger.ts'
import { maskSecrets } from '../text/mask-secrets.ts'
import { deadLettersOf, type Prepared } from './prepared.ts'

const MOST_TYPES = 1000
/** Pause between two lines on dead letters, ms: of a faulty definition there are thousands a second. */
const PAUSE_MS = 10_000

export type IntakeNoticesOptions = {
  readonly queue: string
  readonly logger: Pick<Logger, 'info' | 'warn'>
  /** Returns a monotonic time in ms. */
  readonly now?: () => number
}

/**
 * Logs what becomes of messages that do not become events, beside the numbers of the statistics: each event type
 * without a definition once, and dead letters at most every 10 s, with the number of those since the last line.
 *
 * @example
 * const notices = new IntakeNotices({ queue: 'monitor.info', logger })
 * notices.add(batch)
 */
export class IntakeNotices {
  readonly #options: IntakeNoticesOptions
  readonly #types = new Set<string>()
  #letters = 0
  #toldAt = Number.NEGATIVE_INFINITY

  constructor(options: IntakeNoticesOptions) {
    this.#options = options
  }

  /** Logs what is new in a batch of prepared messages. */
  add(batch: readonly Prepared[]): void {
    for (const prepared of batch) {
      if (prepared.outcome.kind === 'undefined') this.#addType(prepared.outcome.eventType)
      for (const { stage, reason } of deadLettersOf(prepared)) this.#addLetter(stage, reason)
    }
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

  #addLetter(stage: string, reason: string): void {
    this.#letters++
    const { logger, queue, now = () => performance.now() } = this.#options
    const time = now()
    if (time - this.#toldAt < PAUSE_MS) return
    const told =
      this.#letters === 1
        ? 'a message became a dead letter'
        : `${this.#letters} messages became dead letters, the last`
    logger.warn({ queue, stage, count: this.#letters }, `${told}: ${maskSecrets(reason)}`)
    this.#letters = 0
    this.#toldAt = time
  }
}
