import type { ActionKind, ActionState, Outcome } from '../../domain/action.ts'
import type { Micros } from '../../domain/time.ts'
import type { DeadLetterFilter } from './dead-letter-box.ts'
import type { Page, StreamFilter } from './queries.ts'

/** The parameters of a filter, as they were given. */
export type FilterTexts = { readonly [parameter: string]: string }

/** A bulk action before it is recorded. */
export type NewAction = ActionKind & {
  readonly filter: FilterTexts
  /** name of the token that asked for it; null where the API needs none */
  readonly token: string | null
  /** name of the process that runs it */
  readonly runner: string
  /** number of items that match the filter now */
  readonly total: number
}

/** A bulk action as it is recorded. */
export type Action = ActionKind & {
  readonly id: number
  readonly filter: FilterTexts
  readonly token: string | null
  readonly state: ActionState
  readonly createdAt: Micros
  readonly endedAt: Micros | null
  readonly total: number
  /** ms since its runner was heard, by the database's clock */
  readonly silentMs: number
  /** why it cannot go on at the moment */
  readonly error: string | null
}

export type OutcomeCounts = { readonly [outcome in Outcome]: number }

/** What became of one stream or dead letter of an action. */
export type ActionResult = {
  readonly item: number
  readonly outcome: Outcome
  readonly reason: string | null
}

/** An action that one process runs. A step of a process that has lost it rejects with ActionLost. */
export type HeldAction = ActionKind & {
  readonly id: number
  readonly runner: string
  readonly state: ActionState
}

/** Thrown to a runner whose action was cancelled, or taken over by another process. Nothing was changed. */
export class ActionLost extends Error {}

/** What has become of a dead letter of an action. */
export type ItemOutcome = {
  readonly item: number
  readonly outcome: 'begun' | 'done' | 'failed'
  readonly reason: string | null
}

/**
 * Bulk actions of operators: what they are done to is chosen first, then changed in short transactions, each of which
 * records its results too. An action outlives the process that runs it.
 *
 * @example
 * const action = await actions.createAction({ target: 'streams', verb: 'reset', filter: {}, token, runner, total })
 * for await (const ids of actions.matchingStreams({ state: 'error' })) await actions.addItems(action, ids)
 */
export interface Actions {
  /** Records an action in the state `listing`. */
  createAction(action: NewAction): Promise<HeldAction>
  /** Yields the ids of the streams that match a filter, upwards and in portions, without those that come later. */
  matchingStreams(filter: StreamFilter, signal?: AbortSignal): AsyncGenerator<readonly number[]>
  /** Yields the ids of the dead letters that match a filter, in the same way. */
  matchingDeadLetters(filter: DeadLetterFilter): AsyncGenerator<readonly number[]>
  /** Adds items to an action that is `listing`. */
  addItems(action: HeldAction, ids: readonly number[]): Promise<void>
  /** Ends the listing: the action is `running` from now on. */
  beginAction(action: HeldAction): Promise<void>
  /**
   * Does the action to the next of its streams, at most `limit`, and records the results, in one transaction. Returns
   * how many there were. A stream that a worker is running is left as it is.
   */
  applyToStreams(action: HeldAction, limit: number): Promise<number>
  /** Returns the next dead letters of an action, at most `limit`: those that were begun before come first. */
  nextDeadLetters(action: HeldAction, limit: number): Promise<{ id: number; hasBegun: boolean }[]>
  /** Records what has become of dead letters. */
  noteOutcomes(action: HeldAction, outcomes: readonly ItemOutcome[]): Promise<void>
  /** Records what has become of a dead letter that was begun, whoever runs the action by now, if anybody. */
  noteLate(action: HeldAction, outcome: ItemOutcome): Promise<void>
  /** Says that the runner lives, and perhaps why it cannot go on at the moment. */
  keepAction(action: HeldAction, error?: string): Promise<void>
  /** Gives an action up that was still listing. */
  interruptAction(action: HeldAction, error: string): Promise<void>
  /** Ends an action. */
  endAction(action: HeldAction): Promise<void>
  /** Lets another process take an action over at once. */
  releaseAction(action: HeldAction): Promise<void>
  /**
   * Takes over a running action whose runner has been silent for so long, but none of `except`; undefined when there is
   * none. One that was still listing becomes `interrupted`.
   */
  takeAction(runner: string, silentMs: number, except?: readonly number[]): Promise<HeldAction | undefined>
  /** Deletes a portion of what is recorded of actions that ended long ago. */
  trimActions(): Promise<void>
  /** Cancels an action; what it has done stays. Returns false when it has ended, or never was. */
  cancelAction(id: number): Promise<boolean>
  listActions(page: Page): Promise<Action[]>
  countActions(page: Page): Promise<number>
  findAction(id: number): Promise<Action | undefined>
  /** Counts the items of an action by what became of them up to now. */
  countOutcomes(id: number): Promise<OutcomeCounts>
  /** Lists what became of the items of an action by now, in the order of their ids. */
  listResults(id: number, outcome: Outcome | undefined, page: Page): Promise<ActionResult[]>
}
