import { Backoff, type BackoffOptions, sleep } from '../../runtime/backoff.ts'
import { brokerText } from './amqp-refusal.ts'
import type { Notices } from './notices.ts'
import type { QueueBinder } from './queue-binder.ts'

export type KeepBoundOptions = {
  readonly queue: string
  readonly notices: Notices
  /** waits between looks for exchanges that are missing */
  readonly looks: BackoffOptions
  /** how often a queue is bound anew: an exchange that goes takes its bindings with it, unheard */
  readonly boundAgainMs: number
}

/** Looks for exchanges that are missing, and binds anew to those that are there, until the signal aborts. */
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
      // Where the connection is lost, that is told elsewhere.
      await sleep(looks.initialMs, signal)
      if (signal.aborted) return
      isComplete = false
      notices.warn(`cannot bind queue ${queue}: ${brokerText(error)}; trying again until it works`)
    }
  }
}
