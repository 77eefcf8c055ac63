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
  /** called when an app waits because its receiver is away */
  readonly onAway: () => void
  /** called when the apps have handled a batch, or `signal` has aborted */
  readonly onDone: () => void
}

/** An app that holds the same batch for longer than this counts as away, ms. */
const LONG_MS = 30_000

/** Gives batches, one at a time, to the apps of a queue beside archive and streams. */
export class AppTurn {
  readonly #options: AppTurnOptions
  /** when the apps were given their present batch, by performance.now() */
  #givenAt: number | undefined

  constructor(options: AppTurnOptions) {
    this.#options = options
  }

  /** Whether the apps have held the same batch for more than 30 s. */
  get isLong(): boolean {
    return this.#givenAt !== undefined && performance.now() - this.#givenAt > LONG_MS
  }

  /**
   * Returns the batch with the dead letters of the apps; undefined when `signal` aborts before the apps are
   * done.
   */
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

/** Adds the dead letters of a message and drops the message itself, which no app needs any more. */
export function withLetters(
  { message, ...prepared }: Prepared,
  letters: ReadonlyMap<AppMessage, readonly NewDeadLetter[]>,
): Prepared {
  const appLetters = message && letters.get(message)
  return appLetters ? { ...prepared, appLetters } : prepared
}
