import { Backoff, type BackoffOptions, sleep } from '../../runtime/backoff.ts'
import { brokerText } from './amqp-refusal.ts'
import type { Notices } from './notices.ts'
import type { QueueBinder } from './queue-binder.ts'

export type KeepBoundOptions = {
  readonly queue: string
  readonly notices: Notices
  /** pauses between looks for missing exchanges */
  readonly looks: BackoffOptions
  /** how often a queue is bound again, ms: a deleted exchange takes its bindings along without notice */
  readonly boundAgainMs: number
}

/** Looks for missing exchanges, and binds again to those that exist, until the signal aborts. */
export async function keepBound(
  binder: QueueBinder,
  isBound: boolean,
  { queue, notices, looks, boundAgainMs }: KeepBoundOptions,
  signal: AbortSignal,
): Promise<void> {
  const missing = new Backoff(looks)
  let isComplete = isBound
  for (;;) {
    await sleep(isComplete ? boundAgainMs : missing.next(), signal)
    if (signal.aborted) return
    try {
      const wasComplete = isComplete
      isComplete = await binder.bind()
      if (wasComplete) missing.reset()
    } catch (error) {
      // A lost connection aborts the signal and is logged elsewhere.
      await sleep(looks.initialMs, signal)
      if (signal.aborted) return
      isComplete = false
      notices.warn(`cannot bind queue ${queue}: ${brokerText(error)}; trying again until it works`)
    }
  }
}
