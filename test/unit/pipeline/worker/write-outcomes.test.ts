import { expect, test } from 'vitest'
import { createWorkerCounters } from '../../../../src/pipeline/worker/worker-counters.ts'
import { writeOutcomes } from '../../../../src/pipeline/worker/write-outcomes.ts'
import { silentLogger } from '../../../../src/runtime/logger.ts'
import { Outage } from '../../../../src/runtime/outage.ts'
import type { ClaimedStream, FailedRun, FinishedRun } from '../../../../src/store/ports/stream-runs.ts'
import type { Store } from '../../../../src/store/store.ts'
import { type CountsByTrigger, TriggerDebug } from '../../../../src/streams/trigger-debug.ts'
import { routerOf } from '../../../support/events.ts'

test.each([
  ['fire', 'Streams fired'],
  ['expire', 'Streams expired'],
] as const)('to %s: streams that are done, and those of another worker, are counted', async (kind, done) => {
  const router = routerOf({ debug_level: 1 })
  const counts: CountsByTrigger = {}
  const claims = [1, 2, 3].map((id) => ({ stream: { id, name: 'trigger' }, kind }) as ClaimedStream)
  const runs = claims.map((claim) => ({ claim, newEvents: [], purge: false, lastError: null }) as FinishedRun)
  await writeOutcomes(
    runs.map((run) => ({ kind: 'finished', run })),
    {
      store: { finishRuns: async () => new Set([1, 3]) } as Partial<Store> as Store,
      router,
      logger: silentLogger,
      outage: new Outage(silentLogger, 'back'),
      counters: createWorkerCounters(),
      debug: new TriggerDebug(router.triggers, counts),
      signal: new AbortController().signal,
    },
  )
  expect(counts.trigger?.counters).toEqual({ [done]: 2, Locked: 1 })
})

test('what cannot be written of some streams costs the outcomes of others nothing', async () => {
  const router = routerOf({})
  const claim = (id: number) =>
    ({ stream: { id, name: 'trigger', generation: 0 }, kind: 'fire' }) as ClaimedStream
  const quiet = { claim: claim(1), newEvents: [], purge: false, lastError: null } as FinishedRun
  const failed: number[] = []
  const settling = writeOutcomes(
    [
      { kind: 'finished', run: quiet },
      { kind: 'failed', run: { claim: claim(2), error: 'boom', retryInMs: 1 } },
    ],
    {
      store: {
        finishRuns: async () => {
          throw new Error('not to be written')
        },
        failRun: async (run: FailedRun) => failed.push(run.claim.stream.id) > 0,
      } as Partial<Store> as Store,
      router,
      logger: silentLogger,
      outage: new Outage(silentLogger, 'back'),
      counters: createWorkerCounters(),
      signal: new AbortController().signal,
    },
  )
  await expect(settling).rejects.toThrow('not to be written')
  expect(failed).toEqual([2])
})
