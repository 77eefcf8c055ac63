import { messageOf, TransientError } from '../domain/errors.ts'
import type { Router } from '../domain/routing.ts'
import { Backoff, sleep } from '../runtime/backoff.ts'
import type { Outage } from '../runtime/outage.ts'
import type { Intake } from '../store/ports/intake.ts'
import type { NumberedReports } from '../store/ports/watermarks.ts'
import type { Store } from '../store/store.ts'
import { refusedByStore } from './prepare.ts'
import { arrivalOf, deadLettersOf, type Prepared } from './prepared.ts'

export type StoreBatchContext = {
  readonly store: Pick<Intake, 'storeBatch'> & Pick<Store, 'ping'>
  readonly router: Router
  /** the outage of the database */
  readonly outage: Pick<Outage, 'failed' | 'over'>
  readonly signal: AbortSignal
  /** Returns the positions of queues that are to be stored with the batch, or with the last part of it. */
  readonly reports?: (() => NumberedReports) | undefined
  /** Called when a part of the batch, and all before it, is stored. */
  readonly onStored: (part: readonly Prepared[], outcome: StoredCounts) => void
}

export type StoredCounts = {
  readonly stored: number
  readonly duplicates: number
  /** the stage of each dead letter */
  readonly deadLetters: readonly string[]
  /** ids of the dead letters, in the same order */
  readonly deadLetterIds: readonly (number | undefined)[]
}

/**
 * Ends the work on a batch because the process stops. Messages that are not stored will be delivered again.
 */
export class StoppedError extends Error {}

/** How often a batch may fail, while the database responds to pings, before the batch itself is suspected. */
const SUSPICIOUS_FAILURES = 3

/**
 * Stores a batch in its order. Repeats while the database is away. A batch that the database refuses is
 * halved until the refused message is alone; it becomes a dead letter. Rejects only with StoppedError.
 */
export async function storeBatch(batch: readonly Prepared[], context: StoreBatchContext): Promise<void> {
  const { store, outage, signal, onStored } = context
  const backoff = new Backoff({ initialMs: 50, maxMs: 10_000 })
  for (let failures = 1; ; failures++) {
    const result = await attempt(batch, context)
    if (result.ok) {
      outage.over()
      onStored(batch, result.counts)
      return
    }
    const { error } = result
    // When even a dead letter cannot be stored, the fault is the database's: wait until it is repaired.
    const isLetter = batch.length === 1 && batch[0]?.outcome.kind === 'refused'
    if (!isLetter && (!(error instanceof TransientError) || (await isSuspicious(batch, failures, store)))) {
      await divide(batch, messageOf(error), context)
      return
    }
    outage.failed(messageOf(error))
    await sleep(backoff.next(), signal)
    if (signal.aborted) throw new StoppedError()
  }
}

type Attempt =
  | { readonly ok: true; readonly counts: StoredCounts }
  | { readonly ok: false; readonly error: unknown }

async function attempt(
  batch: readonly Prepared[],
  { store, router, reports }: StoreBatchContext,
): Promise<Attempt> {
  const deadLetters = batch.flatMap(deadLettersOf)
  const arrivals = batch.flatMap((prepared) => arrivalOf(prepared) ?? [])
  const stages = deadLetters.map(({ stage }) => stage)
  const counts = { stored: 0, duplicates: 0, deadLetters: stages, deadLetterIds: [] }
  if (arrivals.length + deadLetters.length === 0) return { ok: true, counts }
  try {
    const stored = await store.storeBatch({ arrivals, deadLetters, reports }, router)
    return { ok: true, counts: { ...counts, ...stored } }
  } catch (error) {
    return { ok: false, error }
  }
}

/**
 * Whether a batch itself may be the cause of transient failures. A single message is never suspected: it
 * becomes a dead letter only for an error that the database blames on its values.
 */
async function isSuspicious(
  batch: readonly Prepared[],
  failures: number,
  store: StoreBatchContext['store'],
): Promise<boolean> {
  if (batch.length === 1 || failures < SUSPICIOUS_FAILURES) return false
  return store.ping().then(
    () => true,
    () => false,
  )
}

async function divide(batch: readonly Prepared[], reason: string, context: StoreBatchContext): Promise<void> {
  if (batch.length > 1) {
    const middle = Math.ceil(batch.length / 2)
    // Positions are those behind the whole batch.
    await storeBatch(batch.slice(0, middle), { ...context, reports: undefined })
    await storeBatch(batch.slice(middle), context)
    return
  }
  const [culprit] = batch as [Prepared]
  const deadLetter = refusedByStore(culprit, reason)
  await storeBatch([{ ...culprit, outcome: { kind: 'refused', deadLetter } }], context)
}
