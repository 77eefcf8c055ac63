import { InvalidError, messageOf, StackTachError, TransientError } from '../domain/errors.ts'
import { Backoff, sleep } from '../runtime/backoff.ts'
import { maskSecrets } from '../text/mask-secrets.ts'
import { printable } from '../text/printable.ts'
import { type Receiver, Trial, UntakenError } from './receiver.ts'

export type Waits = {
  /** first and longest wait between two attempts, ms */
  readonly initialMs: number
  readonly maxMs: number
  /** further attempts after the first; undefined: as many as it takes */
  readonly retries?: number | undefined
  /** attempts for one item while its receiver accepts others; then it counts as refused (REFUSED_AFTER) */
  readonly refusedAfter?: number | undefined
  /** attempts for several items together before each half is tried by itself (SPLIT_AFTER) */
  readonly splitAfter?: number | undefined
}

/**
 * `signal` aborts when waiting must end. `waitsAlone` is called once when the receiver accepts other items
 * and not this one.
 */
export type DeliveryContext = {
  readonly signal: AbortSignal
  readonly waitsAlone?: (() => void) | undefined
  /** called when an attempt has failed and will be repeated */
  readonly onAway?: (() => void) | undefined
}

export type Sending<T> = {
  readonly attempt: () => Promise<T>
  /** how many items are sent at once (1) */
  readonly count?: number
  /** `since` of the whole that this is a part of: see TrialOptions */
  readonly since?: number | undefined
  readonly isLone?: (() => boolean) | undefined
  /** called when so many attempts have failed that other items might be tried in the meantime */
  readonly onLong?: (() => void) | undefined
}

/** The default of `refusedAfter`. */
export const REFUSED_AFTER = 10
/** The default of `splitAfter`. */
export const SPLIT_AFTER = 3

/** Several items were not accepted together: each half should be tried by itself, with this `since`. */
export class TogetherError extends InvalidError {
  readonly since: number

  constructor(message: string, since: number) {
    super(message)
    this.since = since
  }
}

/**
 * Repeats an attempt until it succeeds, with growing pauses: what is sent must arrive before its stream is
 * completed. Only two errors end it at once: an InvalidError, by which a server refuses the item itself, and
 * an error of the configuration. An item that fails again and again while the receiver accepts others is
 * refused: rejects with InvalidError, or with TogetherError for several items. Rejects with TransientError
 * when the worker stops.
 *
 * @example
 * const receiver = openReceiver(services, hostOf(url))
 * await deliver(receiver, { attempt: () => post(item) }, { initialMs: 1000, maxMs: 60_000 }, { signal })
 */
export async function deliver<T>(
  receiver: Receiver,
  sending: Sending<T>,
  waits: Waits,
  { signal, waitsAlone, onAway }: DeliveryContext,
): Promise<T> {
  const { attempt, count = 1, since, isLone } = sending
  const backoff = new Backoff(waits)
  const { outage } = receiver
  const trial = new Trial(receiver, { since, isLone, waitsAlone: count === 1 ? waitsAlone : undefined })
  try {
    for (let failures = 1; ; failures++) {
      if (signal.aborted) throw new TransientError('the worker stops')
      try {
        const result = await attempt()
        outage.over()
        trial.took()
        return result
      } catch (error) {
        if (error instanceof InvalidError || isOfConfig(error)) throw error
        if (signal.aborted) throw new TransientError('the worker stops', { cause: error })
        trial.failed(error)
        giveUpAfter(failures, error, trial, waits, sending)
        // A single item that is not accepted is not an outage of the receiver.
        if (!trial.isPassedBy) {
          outage.failed(messageOf(error))
          onAway?.()
        }
      }
      await sleep(backoff.next(), signal)
    }
  } finally {
    trial.ended()
  }
}

/** Throws when no further attempt should be made. */
function giveUpAfter(
  failures: number,
  error: unknown,
  trial: Trial,
  { retries, refusedAfter = REFUSED_AFTER, splitAfter = SPLIT_AFTER }: Waits,
  { count = 1, since, onLong }: Sending<unknown>,
): void {
  const said = messageOf(error)
  if (retries !== undefined && failures > retries) throw new InvalidError(said, { cause: error })
  // Halves and other items are worth a try only when the server responds or accepts others.
  const mayTell = error instanceof UntakenError || trial.isPassedBy
  // Parts of a whole have had these attempts together with the whole already.
  const isLong = failures >= (since !== undefined && trial.isPassedBy ? 1 : splitAfter)
  if (mayTell && isLong) {
    if (count > 1) throw new TogetherError(said, trial.since)
    onLong?.()
  }
  if (count === 1 && trial.failures >= refusedAfter) {
    trial.refused()
    throw new InvalidError(`${said} (${refusedAfter} times, while it took others)`, { cause: error })
  }
}

function isOfConfig(error: unknown): boolean {
  return error instanceof StackTachError && error.code === 'config'
}

/** Statuses about the request itself: the same request will never be accepted. */
const REFUSALS = new Set([400, 405, 406, 411, 413, 414, 415, 422, 431])

/** Returns whether a status means that the same request will never be accepted. */
export function isRefusal(status: number): boolean {
  return REFUSALS.has(status)
}

/** Statuses about the server's present condition: too slow, too early, too many. */
const LATER = new Set([408, 425, 429])
const UNAVAILABLE = 503

/** Most characters of a response that an error repeats. */
const MOST_REPEATED = 500

/** Returns what a server said as an error may repeat it: a part of it, without secrets, on one line. */
export function repeated(text: string): string {
  // A secret that is cut in two may not be known as one, so more is masked than is repeated.
  const masked = maskSecrets(text.slice(0, 20 * MOST_REPEATED)).slice(0, MOST_REPEATED)
  return printable(masked.trim())
}

/**
 * Throws unless the status is one of success: InvalidError for a refusal, TransientError when the request
 * should be sent later, else UntakenError.
 */
export function requireSuccess(where: string, status: number, text: string): void {
  if (status >= 200 && status < 300) return
  const said = `${where} answered ${status}: ${repeated(text)}`
  if (isRefusal(status)) throw new InvalidError(said)
  // A part of the server may still be available: of several items sent together some may be accepted.
  if (status === UNAVAILABLE) throw new UntakenError(said, { isForLater: true })
  throw isForLater(status) ? new TransientError(said) : new UntakenError(said)
}

/** Returns whether a status says nothing about the items that were sent. */
export function isForLater(status: number): boolean {
  return status === UNAVAILABLE || LATER.has(status)
}
