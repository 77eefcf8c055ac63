import { messageOf, TransientError } from '../domain/errors.ts'
import type { Router } from '../domain/routing.ts'
import { Backoff, sleep } from '../runtime/backoff.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Outage } from '../runtime/outage.ts'
import type { Intake } from '../store/ports/intake.ts'
import type { NumberedReports } from '../store/ports/watermarks.ts'
import type { Store } from '../store/store.ts'
import { refusedByStore } from './prepare.ts'
import { arrivalOf, deadLettersOf, type Prepared } from './prepared.ts'

export type StoreBatchContext = {
  readonly store: Pick<Intake, 'storeBatch'> & Pick<Store, 'ping'>
  readonly router: Router
  readonly logger: Logger
  /** of the database */
  readonly outage: Pick<Outage, 'failed' | 'over'>
  readonly signal: AbortSignal
  /** Returns the positions of queues that are to be stored with the batch, or with a part of it. */
  readonly reports?: (() => NumberedReports) | undefined
  /** Everything up to this message is stored. */
  readonly onStored: (last: Prepared, outcome: StoredCounts) => void
}

export type StoredCounts = {
  readonly stored: number
  readonly duplicates: number
  /** by their stages, each as often as there are */
  readonly deadLetters: readonly string[]
}

/** Ends the work on a batch because the process stops; what is not stored will be delivered again. */
export class StoppedError extends Error {}

/** Failures of the same batch, while the database answers, after which the batch itself is suspected. */
const SUSPICIOUS_FAILURES = 3

/**
 * Stores a batch in its order. A fault of the database is waited out; a batch that the database refuses is
 * halved until the message that it refuses is alone and becomes a dead letter. Rejects only with StoppedError.
 */
export async function storeBatch(batch: readonly Prepared[], context: StoreBatchContext): Promise<void> {
  const { store, outage, signal, onStored } = context
  const backoff = new Backoff({ initialMs: 50, maxMs: 10_000 })
  for (let failures = 1; ; failures++) {
    const result = await attempt(batch, context)
    if (result.ok) {
      outage.over()
      onStored(batch.at(-1) as Prepared, result.counts)
      return
    }
    const { error } = result
    // A dead letter is not halved or blamed any more: what is wrong with it has to be mended at the database.
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
  const counts = { stored: 0, duplicates: 0, deadLetters: deadLetters.map(({ stage }) => stage) }
  if (arrivals.length + deadLetters.length === 0) return { ok: true, counts }
  try {
    const stored = await store.storeBatch({ arrivals, deadLetters, reports }, router)
    return { ok: true, counts: { ...counts, ...stored } }
  } catch (error) {
    return { ok: false, error }
  }
}

/** A message alone never becomes a dead letter for an error that the database does not blame on its values. */
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
    await storeBatch(batch.slice(0, middle), context)
    await storeBatch(batch.slice(middle), context)
    return
  }
  const [culprit] = batch as [Prepared]
  context.logger.warn({ queue: culprit.delivery.queue }, `a message became a dead letter: ${reason}`)
  const deadLetter = refusedByStore(culprit, reason)
  await storeBatch([{ ...culprit, outcome: { kind: 'refused', deadLetter } }], context)
}
