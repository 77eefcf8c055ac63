import type { LetterVerb } from '../domain/action.ts'
import { ActionLost, type Actions, type HeldAction, type ItemOutcome } from '../store/ports/actions.ts'
import type { DeadLetter, DeadLetterBox } from '../store/ports/dead-letter-box.ts'

/** Dead letters of a step: their bodies are read one by one. */
const LETTERS = 50

/** What has become of a dead letter that was driven in again, with the reason or the result in words. */
type Tried = { readonly isDone: boolean; readonly reason: string }

/**
 * Does an action to its next dead letters and returns how many there were. What is begun is noted before: where a
 * process ends in the middle, a letter that is gone then was done, and one that is still there comes again. Ends after
 * the letter in hand when the action is cancelled or `signal` aborts.
 */
export async function doToDeadLetters(
  action: HeldAction,
  store: Actions & DeadLetterBox,
  retry: (letter: DeadLetter) => Promise<Tried>,
  signal: AbortSignal,
): Promise<number> {
  const next = await store.nextDeadLetters(action, LETTERS)
  if (next.length === 0) return 0
  const ids = next.map(({ id }) => id)
  if (next.some(({ hasBegun }) => !hasBegun))
    await store.noteOutcomes(
      action,
      ids.map((item) => ({ item, outcome: 'begun', reason: null })),
    )
  const page = { limit: ids.length, mark: undefined, ascending: true }
  const kept = new Set((await store.listDeadLetterHeads({ ids }, page)).map(({ id }) => id))
  const outcomes: ItemOutcome[] = next
    .filter(({ id }) => !kept.has(id))
    .map(({ id, hasBegun }) =>
      hasBegun
        ? { item: id, outcome: 'done', reason: null }
        : { item: id, outcome: 'failed', reason: 'the dead letter was retried or dropped meanwhile' },
    )
  const isDrop = (action.verb as LetterVerb) === 'drop'
  if (isDrop) {
    await store.dropDeadLetters({ ids: [...kept] })
    for (const item of kept) outcomes.push({ item, outcome: 'done', reason: null })
  }
  await store.noteOutcomes(action, outcomes)
  if (isDrop) return next.length
  for (const item of kept) {
    if (signal.aborted) break
    await note(action, store, await retried(item, store, retry))
  }
  return next.length
}

/** Records what has become of a letter, of an action that was cancelled meanwhile too. */
async function note(action: HeldAction, store: Actions, outcome: ItemOutcome): Promise<void> {
  try {
    await store.noteOutcomes(action, [outcome])
  } catch (error) {
    if (error instanceof ActionLost) await store.noteLate(action, outcome)
    throw error
  }
}

async function retried(
  item: number,
  store: DeadLetterBox,
  retry: (letter: DeadLetter) => Promise<Tried>,
): Promise<ItemOutcome> {
  // One at a time: bodies may be large.
  const [letter] = await store.listDeadLetters(
    { ids: [item] },
    { limit: 1, mark: undefined, ascending: true },
  )
  if (!letter) return { item, outcome: 'done', reason: null }
  const { isDone, reason } = await retry(letter)
  return { item, outcome: isDone ? 'done' : 'failed', reason }
}
