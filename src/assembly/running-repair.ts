import type { IntakeClock } from '../clock/event-clock.ts'
import type { Config } from '../config/load/config.ts'
import { messageOf } from '../domain/errors.ts'
import { ActionRunner } from '../repair/action-runner.ts'
import type { Service } from '../runtime/lifecycle.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Store } from '../store/store.ts'
import { type BuiltLetterRetry, buildLetterRetry } from './letter-retry.ts'

export type RepairParts = {
  readonly store: Store
  readonly config: Config
  readonly logger: Logger
  /** name of the process */
  readonly name: string
  /** the clock of messages that are driven in again (that of the configuration) */
  readonly clock?: IntakeClock | undefined
}

/**
 * Bulk actions of a process, and what drives dead letters in again by the configuration in force. Definitions and apps
 * are built when the first dead letter is retried, and anew after a reload.
 */
export class RunningRepair implements Service {
  readonly runner: ActionRunner
  readonly #parts: RepairParts
  #config: Config
  #built: Promise<BuiltLetterRetry> | undefined

  constructor(parts: RepairParts) {
    const { store, name, logger, config } = parts
    this.#parts = parts
    this.#config = config
    this.runner = new ActionRunner({
      store,
      name,
      logger,
      retryLetter: async (letter, body) => (await this.#retrying()).retry(letter, body),
    })
  }

  start(): Promise<void> {
    return this.runner.start()
  }

  async stop(): Promise<void> {
    await this.runner.stop()
    await this.#drop()
  }

  /** Drives dead letters in by another configuration from now on. */
  useConfig(config: Config): void {
    this.#config = config
    this.#drop().catch((error) =>
      this.#parts.logger.warn(
        { error: messageOf(error) },
        'the retry of before the reload did not end in order',
      ),
    )
  }

  async #drop(): Promise<void> {
    const built = this.#built
    this.#built = undefined
    await (await built?.catch(() => undefined))?.stop()
  }

  #retrying(): Promise<BuiltLetterRetry> {
    if (!this.#built) {
      const building = this.#build()
      this.#built = building
      // A faulty app may be repaired until the next try.
      building.catch(() => {
        if (this.#built === building) this.#built = undefined
      })
    }
    return this.#built
  }

  async #build(): Promise<BuiltLetterRetry> {
    const built = await buildLetterRetry({ ...this.#parts, config: this.#config })
    await built.start()
    return built
  }
}
