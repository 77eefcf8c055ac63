import type { EventClock } from '../clock/event-clock.ts'
import type { RunKind } from '../domain/stream.ts'
import type { Micros } from '../domain/time.ts'
import { sleep } from '../runtime/backoff.ts'
import type { StreamRuns } from '../store/ports/stream-runs.ts'

export type DueRuns = {
  readonly store: Pick<StreamRuns, 'nextDue'>
  /** Runs one batch of due streams of a kind, and returns how many there were. */
  readonly worker: { pass(kind: RunKind): Promise<number> }
  readonly clock: EventClock
}

/** Runs all streams that are due, those that become due by it too. The kind of run that is due first goes first. */
export async function runDue({ store, worker, clock }: DueRuns): Promise<void> {
  for (;;) {
    const { fire, expire } = await store.nextDue(false)
    const isDue = (at: Micros | null) => at !== null && at < clock.now()
    if (!isDue(fire) && !isDue(expire)) return
    const isFireFirst = (fire ?? Number.POSITIVE_INFINITY) <= (expire ?? Number.POSITIVE_INFINITY)
    const kinds: readonly RunKind[] = isFireFirst ? ['fire', 'expire'] : ['expire', 'fire']
    let ran = 0
    for (const kind of kinds) if (ran === 0) ran = await worker.pass(kind)
    // Another worker runs them, or a consumer holds the clock.
    if (ran === 0) return
  }
}

/** A run is tried so often at most. */
const MOST_ROUNDS = 20

/**
 * Runs streams again whose run has failed, or was given back, until none waits for its next run any more.
 */
export async function runRetries(runs: DueRuns & { readonly signal: AbortSignal }): Promise<void> {
  const { store, worker, signal } = runs
  for (let round = 0; round < MOST_ROUNDS && !signal.aborted; round++) {
    const { retryInMs } = await store.nextDue(true)
    if (retryInMs === null) return
    await sleep(Math.max(0, retryInMs), signal)
    while ((await worker.pass('fire')) + (await worker.pass('expire')) > 0);
    await runDue(runs)
  }
}
