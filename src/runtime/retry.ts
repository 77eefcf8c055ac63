import { messageOf, TransientError } from '../domain/errors.ts'
import { Backoff, type BackoffOptions, sleep } from './backoff.ts'
import type { Outage } from './outage.ts'

export type RetryOptions = {
  readonly waits: BackoffOptions
  /** ends the waiting: the attempt after it aborts is the last */
  readonly signal: AbortSignal
  /** logs the first failure and the recovery; shared by all who wait for the same thing */
  readonly outage: Pick<Outage, 'failed' | 'over'>
  /** Whether another attempt may succeed; the default: only after a TransientError. */
  readonly isTransient?: (error: unknown) => boolean
}

/**
 * Runs `work` until it succeeds, with growing waits between the attempts. Rejects with the error of the last attempt
 * when that is not transient or `signal` has aborted.
 *
 * @example
 * const outage = new Outage(logger, 'the database answers again')
 * await retry(() => store.ping(), { waits: { initialMs: 50, maxMs: 5000 }, signal, outage })
 */
export async function retry<T>(work: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { waits, signal, outage, isTransient = (error) => error instanceof TransientError } = options
  const backoff = new Backoff(waits)
  for (;;) {
    try {
      const done = await work()
      outage.over()
      return done
    } catch (error) {
      if (!isTransient(error) || signal.aborted) throw error
      outage.failed(messageOf(error))
      await sleep(backoff.next(), signal)
    }
  }
}
