import { InvalidError, messageOf, StackTachError, TransientError } from '../domain/errors.ts'
import { Backoff, sleep } from '../runtime/backoff.ts'
import { type Receiver, Trial, UntakenError } from './receiver.ts'

export type Waits = {
  /** first and longest wait between two attempts, ms */
  readonly initialMs: number
  readonly maxMs: number
  /** further attempts after the first; undefined: as many as it takes */
  readonly retries?: number | undefined
  /** so often one thing is tried while its receiver takes others: then it is refused (REFUSED_AFTER) */
  readonly refusedAfter?: number | undefined
  /** so often several are tried together before each half is tried by itself (SPLIT_AFTER) */
  readonly splitAfter?: number | undefined
}

/** `signal`: what waits gives up. `waitsAlone`: told once that the receiver takes others and not this. */
export type DeliveryContext = {
  readonly signal: AbortSignal
  readonly waitsAlone?: (() => void) | undefined
  /** told when it does not work and is tried again */
  readonly onAway?: (() => void) | undefined
}

export type Sending<T> = {
  readonly attempt: () => Promise<T>
  /** how many things are sent at once (1) */
  readonly count?: number
  /** of the whole that this is a part of: see TrialOptions */
  readonly since?: number | undefined
  readonly isLone?: (() => boolean) | undefined
  /** told that it was tried so often that others might be tried in the meantime */
  readonly onLong?: (() => void) | undefined
}

/** refusedAfter of waits that do not say it */
export const REFUSED_AFTER = 10
/** splitAfter of waits that do not say it */
export const SPLIT_AFTER = 3

/** Several things are not taken together: each half may tell more. `since`: for the halves. */
export class TogetherError extends InvalidError {
  readonly since: number

  constructor(message: string, since: number) {
    super(message)
    this.since = since
  }
}

/**
 * Tries until it works: what is sent must arrive, and its stream is not completed before. Waits grow between
 * attempts; final are only an InvalidError, what a server says of the thing itself, and what is wrong in the
 * configuration. What is not taken again and again while the receiver takes others is refused: InvalidError, or
 * TogetherError where there are several. Gives up when the worker stops.
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
        // One that alone is not taken is no outage.
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

/** Throws where trying the same again is in vain. */
function giveUpAfter(
  failures: number,
  error: unknown,
  trial: Trial,
  { retries, refusedAfter = REFUSED_AFTER, splitAfter = SPLIT_AFTER }: Waits,
  { count = 1, since, onLong }: Sending<unknown>,
): void {
  const said = messageOf(error)
  if (retries !== undefined && failures > retries) throw new InvalidError(said, { cause: error })
  // A server that is away takes no other, and no half either.
  const mayTell = error instanceof UntakenError || trial.isPassedBy
  // What is part of a whole was tried so often already.
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

/** What a server says of the request itself: the same request will never be accepted. */
const REFUSALS = new Set([400, 405, 406, 411, 413, 414, 415, 422, 431])

/** Whether a status means that the same will never be accepted. */
export function isRefusal(status: number): boolean {
  return REFUSALS.has(status)
}

/** What a server says of itself, for a while: too slow, too early, too many. */
const LATER = new Set([408, 425, 429])
const UNAVAILABLE = 503

/**
 * Throws unless the status is one of success: InvalidError where trying again is in vain, TransientError where it is
 * for later, else UntakenError.
 */
export function requireSuccess(where: string, status: number, text: string): void {
  if (status >= 200 && status < 300) return
  const said = `${where} answered ${status}: ${text.slice(0, 500)}`
  if (isRefusal(status)) throw new InvalidError(said)
  // Not everything may be unavailable: of several sent together some may be taken.
  if (status === UNAVAILABLE) throw new UntakenError(said, { isForLater: true })
  throw isForLater(status) ? new TransientError(said) : new UntakenError(said)
}

/** Whether a status says nothing of what was sent. */
export function isForLater(status: number): boolean {
  return status === UNAVAILABLE || LATER.has(status)
}
