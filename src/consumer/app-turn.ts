import type { Logger } from '../runtime/logger.ts'
import type { NewDeadLetter } from '../store/ports/dead-letter-box.ts'
import type { AppMessage } from './apps/app.ts'
import { type QueueApp, runApps } from './apps/run-apps.ts'
import type { Prepared } from './prepared.ts'

export type AppTurnOptions = {
  /** the apps of the queue beside archive and streams, in order */
  readonly apps: readonly QueueApp[]
  readonly logger: Logger
  readonly signal: AbortSignal
  /** called when an app waits for what it sends to */
  readonly onAway: () => void
  /** called when the apps have had a batch */
  readonly onDone: () => void
}

/** An app that has had the same batch for longer must be away. */
const LONG_MS = 30_000

/** The turn of the further apps of a queue, batch by batch. */
export class AppTurn {
  readonly #options: AppTurnOptions
  /** when the apps were given the batch that they have */
  #givenAt: number | undefined

  constructor(options: AppTurnOptions) {
    this.#options = options
  }

  /** Whether the apps have had the same batch for long. */
  get isLong(): boolean {
    return this.#givenAt !== undefined && performance.now() - this.#givenAt > LONG_MS
  }

  /** Returns the batch with the dead letters of the apps; undefined when `signal` aborts before they had it. */
  async give(batch: readonly Prepared[]): Promise<readonly Prepared[] | undefined> {
    const { apps, logger, signal, onAway, onDone } = this.#options
    if (apps.length === 0) return batch
    const messages = batch.flatMap(({ message }) => message ?? [])
    this.#givenAt = performance.now()
    try {
      const letters = await runApps(apps, messages, { logger, signal, onAway })
      return batch.map((prepared) => withLetters(prepared, letters))
    } catch (error) {
      if (!signal.aborted) throw error
      return undefined
    } finally {
      this.#givenAt = undefined
      onDone()
    }
  }
}

/** The message itself is not needed any more. */
function withLetters(
  { message, ...prepared }: Prepared,
  letters: ReadonlyMap<AppMessage, readonly NewDeadLetter[]>,
): Prepared {
  const appLetters = message && letters.get(message)
  return appLetters ? { ...prepared, appLetters } : prepared
}
