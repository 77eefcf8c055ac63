import type { ActionKind } from '../domain/action.ts'
import { ConflictError, messageOf } from '../domain/errors.ts'
import { describeRetried, type Retried } from '../domain/retried.ts'
import { allEnded } from '../runtime/all-ended.ts'
import { Backoff, sleep } from '../runtime/backoff.ts'
import type { Service } from '../runtime/lifecycle.ts'
import type { Logger } from '../runtime/logger.ts'
import { ActionLost, type Actions, type FilterTexts, type HeldAction } from '../store/ports/actions.ts'
import type { DeadLetter, DeadLetterBox, DeadLetterFilter } from '../store/ports/dead-letter-box.ts'
import type { Queries, StreamFilter } from '../store/ports/queries.ts'
import { doToDeadLetters } from './dead-letter-steps.ts'

/** Drives a dead letter in again, perhaps with another body. */
export type LetterRetry = (letter: DeadLetter, body?: Buffer) => Promise<Retried>

export type ActionRunnerOptions = {
  readonly store: Actions & DeadLetterBox & Queries
  /** name of this process */
  readonly name: string
  readonly logger: Logger
  /** absent where this process has no event definitions to distil by */
  readonly retryLetter?: LetterRetry | undefined
  /** most streams of one transaction (200) */
  readonly batch?: number | undefined
  /** how long a runner is silent before another takes its actions over, ms (15,000) */
  readonly silenceMs?: number | undefined
}

/** A bulk action that is asked for. */
export type Asked = ActionKind & {
  readonly token: string | null
  readonly texts: FilterTexts
} & (
    | { readonly target: 'streams'; readonly filter: StreamFilter }
    | { readonly target: 'dead-letters'; readonly filter: DeadLetterFilter }
  )

const BATCH = 200
const SILENCE_MS = 15_000
/** Items that are added to an action at a time. */
const ITEMS = 2000
const PAGE = { limit: 1, mark: undefined, ascending: true }

/**
 * Runs bulk actions of operators in short transactions, and goes on with those of a process that has ended. Each
 * change is recorded in its own transaction: after a crash nothing is done twice, and nothing is left out.
 *
 * @example
 * const runner = new ActionRunner({ store, name: processName('api'), logger })
 * await runner.start()
 * const id = await runner.begin({ target: 'streams', verb: 'reset', filter: { state: 'error' }, texts, token: 'anna' })
 */
export class ActionRunner implements Service {
  readonly #options: ActionRunnerOptions
  readonly #stopping = new AbortController()
  readonly #running = new Set<Promise<void>>()
  /** actions that this process runs: after a long silence of the database none of them is taken for another's */
  readonly #inHand = new Set<number>()

  constructor(options: ActionRunnerOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    this.#add(this.#takeOver())
  }

  /** Ends after the transactions under way; another process goes on with what is left. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await allEnded([...this.#running])
  }

  /** Returns how many items an action would be done to. */
  count({ target, filter }: Pick<Asked, 'target' | 'filter'>, signal?: AbortSignal): Promise<number> {
    const { store } = this.#options
    return target === 'streams' ? store.countStreams(filter, PAGE, signal) : store.countDeadLetters(filter)
  }

  /** Records an action and begins it. Returns its number. */
  async begin(asked: Asked, signal?: AbortSignal): Promise<number> {
    if (this.#stopping.signal.aborted) throw new ConflictError('the server is stopping; ask again')
    const { store, name, logger } = this.#options
    const { token, texts, target, verb } = asked
    const total = await this.count(asked, signal)
    const kind = { target, verb } as ActionKind
    const action = await store.createAction({ ...kind, filter: texts, token, runner: name, total })
    logger.info({ action: action.id, target, verb, token, items: total }, 'an action begins')
    this.#add(this.#run(action, asked))
    return action.id
  }

  /** Drives one dead letter in again. Rejects with ConflictError where this process cannot. */
  async retryLetter(letter: DeadLetter, body?: Buffer): Promise<Retried> {
    const { retryLetter } = this.#options
    if (!retryLetter) throw new ConflictError('this process has no event definitions to distil messages by')
    return retryLetter(letter, body)
  }

  #add(work: Promise<void>): void {
    const kept = work.finally(() => this.#running.delete(kept))
    this.#running.add(kept)
  }

  async #takeOver(): Promise<void> {
    const { store, name, logger, silenceMs = SILENCE_MS } = this.#options
    const { signal } = this.#stopping
    while (!signal.aborted) {
      try {
        const action = await store.takeAction(name, silenceMs, [...this.#inHand])
        if (action) {
          const { id, target, verb, state } = action
          const what =
            state === 'interrupted' ? 'an action was interrupted; nothing was changed' : 'an action goes on'
          logger.info({ action: id, target, verb }, what)
          if (state === 'running') this.#add(this.#run(action))
          continue
        }
        await store.trimActions()
      } catch (error) {
        logger.debug({ error: messageOf(error) }, 'actions cannot be looked for')
      }
      await sleep(silenceMs / 3, signal)
    }
  }

  /** Runs an action to its end, through all failures but the loss of it. */
  async #run(action: HeldAction, asked?: Asked): Promise<void> {
    const { store, logger, silenceMs = SILENCE_MS } = this.#options
    const { signal } = this.#stopping
    this.#inHand.add(action.id)
    const beat = setInterval(() => void store.keepAction(action).catch(() => {}), silenceMs / 3)
    try {
      if (asked && !(await this.#list(action, asked))) return
      await this.#repeat(action, async () => {
        for (let count = 1; count > 0; ) {
          if (signal.aborted) return store.releaseAction(action)
          count = await this.#step(action)
        }
        await store.endAction(action)
        logger.info({ action: action.id }, 'an action has ended')
      })
    } catch (error) {
      if (!(error instanceof ActionLost))
        logger.error({ action: action.id, error: messageOf(error) }, 'an action cannot go on')
      else logger.info({ action: action.id }, messageOf(error))
    } finally {
      clearInterval(beat)
      this.#inHand.delete(action.id)
    }
  }

  /** Chooses what the action is done to. Returns false where that failed: then nothing was changed. */
  async #list(action: HeldAction, asked: Asked): Promise<boolean> {
    const { store, logger } = this.#options
    const { signal } = this.#stopping
    try {
      const portions =
        asked.target === 'streams'
          ? store.matchingStreams(asked.filter, signal)
          : store.matchingDeadLetters(asked.filter)
      for await (const ids of portions)
        for (let at = 0; at < ids.length; at += ITEMS) {
          if (signal.aborted) throw new ConflictError('the server was stopped')
          await store.addItems(action, ids.slice(at, at + ITEMS))
        }
      await store.beginAction(action)
      return true
    } catch (error) {
      if (error instanceof ActionLost) throw error
      logger.warn(
        { action: action.id, error: messageOf(error) },
        'an action was interrupted; nothing was changed',
      )
      await store.interruptAction(action, messageOf(error)).catch(() => {})
      return false
    }
  }

  #step(action: HeldAction): Promise<number> {
    const { store, batch = BATCH, retryLetter } = this.#options
    if (action.target === 'streams') return store.applyToStreams(action, batch)
    const retry = async (letter: DeadLetter) => {
      if (!retryLetter) return { isDone: false, reason: 'this process has no event definitions' }
      const retried = await retryLetter(letter)
      return { isDone: retried.outcome !== 'failed', reason: describeRetried(retried) }
    }
    return doToDeadLetters(action, store, retry, this.#stopping.signal)
  }

  /** Repeats work that fails, with growing waits, until it is done, the action is lost, or the process stops. */
  async #repeat(action: HeldAction, work: () => Promise<void>): Promise<void> {
    const { store, logger } = this.#options
    const { signal } = this.#stopping
    const backoff = new Backoff({ initialMs: 100, maxMs: 30_000 })
    for (;;) {
      try {
        return await work()
      } catch (error) {
        if (error instanceof ActionLost || signal.aborted) throw error
        const reason = messageOf(error)
        logger.warn({ action: action.id, error: reason }, 'a step of an action failed; trying it again')
        await store.keepAction(action, reason).catch(() => {})
        await sleep(backoff.next(), signal)
      }
    }
  }
}
