import { expect, test } from 'vitest'
import { createManualClock } from '../../../../src/clock/event-clock.ts'
import type { Event } from '../../../../src/domain/event.ts'
import type { HandlerClass, RunHandlerClass } from '../../../../src/pipeline/handler.ts'
import { createStreamRunner } from '../../../../src/pipeline/worker/stream-runner.ts'
import { silentLogger } from '../../../../src/runtime/logger.ts'
import type { ClaimedStream } from '../../../../src/store/ports/stream-runs.ts'
import { type CountsByTrigger, TriggerDebug } from '../../../../src/streams/trigger-debug.ts'
import { event, routerOf } from '../../../support/events.ts'

const RUNNING = new AbortController().signal

const failing = class {
  handleEvents(): never {
    throw new Error('boom')
  }
  commit() {}
  rollback() {}
} as HandlerClass

const passing = class {
  handleEvents(events: readonly Event[]) {
    return events
  }
  commit() {}
  rollback() {}
} as RunHandlerClass

const unsure = class extends passing {
  override commit() {
    throw new Error('not now')
  }
} as HandlerClass

const pipelines = new Map([
  ['good', { name: 'good', steps: [] }],
  ['bad', { name: 'bad', steps: [{ name: 'failing', handler: failing, params: {} }] }],
])

function runner(fire_pipeline: string | undefined, retries = 2) {
  const router = routerOf({ fire_pipeline, expire_pipeline: 'good' })
  return createStreamRunner({
    router,
    pipelines,
    clock: createManualClock(0),
    logger: silentLogger,
    purge: true,
    retries,
  })
}

function claim(more: { attempts?: number; takenOver?: boolean; name?: string } = {}): ClaimedStream {
  const { attempts = 1, takenOver = false, name = 'trigger' } = more
  return { stream: { id: 1, name, attempts }, kind: 'fire', takenOver } as ClaimedStream
}

test('a pipeline that succeeds finishes its stream', async () => {
  expect(await runner('good').run(claim(), [], RUNNING)).toMatchObject({
    kind: 'finished',
    run: { purge: true, lastError: null },
  })
})

test('a trigger without a fire_pipeline completes silently', async () => {
  expect(await runner(undefined).run(claim(), [], RUNNING)).toMatchObject({ kind: 'finished' })
})

test('a pipeline that fails is run again, later each time, then errs for good', async () => {
  const waits = []
  for (const attempts of [1, 2, 3]) {
    const result = await runner('bad').run(claim({ attempts }), [], RUNNING)
    waits.push(result.kind === 'failed' && result.run.retryInMs)
  }
  expect(waits).toEqual([1000, 2000, undefined])
})

test('without retries the first failure is for good', async () => {
  const result = await runner('bad', 0).run(claim(), [], RUNNING)
  expect(result).toMatchObject({
    kind: 'failed',
    run: { retryInMs: undefined, error: expect.stringContaining('boom') },
  })
})

test.each([
  [runner('nosuch'), claim(), 'no pipeline nosuch'],
  [runner('good'), claim({ attempts: 4, takenOver: true }), 'its worker died'],
])('ends in the error state with a reason', async (one, claimed, reason) => {
  const result = await one.run(claimed, [], RUNNING)
  expect(result).toMatchObject({
    kind: 'failed',
    run: { retryInMs: undefined, error: expect.stringContaining(reason) },
  })
})

test('a stream whose trigger is unknown waits as one that failed: the trigger may be known after a reload', async () => {
  const waits = []
  for (const attempts of [1, 2, 3]) {
    const result = await runner('good').run(claim({ name: 'gone', attempts }), [], RUNNING)
    expect(result).toMatchObject({ run: { error: 'there is no trigger gone in the configuration' } })
    waits.push(result.kind === 'failed' && result.run.retryInMs)
  }
  expect(waits).toEqual([1000, 2000, undefined])
})

test('a stream that was taken over is run again while attempts are left', async () => {
  expect(await runner('good').run(claim({ attempts: 3, takenOver: true }), [], RUNNING)).toMatchObject({
    kind: 'finished',
  })
})

test.each([
  ['good', { 'Pre-commit successful': 1, 'Commit successful': 1 }],
  ['bad', { 'Pipeline error': 1, 'Rollback successful': 1 }],
  ['unsure', { 'Pre-commit successful': 1, 'Commit error': 1 }],
  ['nosuch', { "Unknown pipeline 'nosuch'": 1 }],
  [undefined, { "No fire pipeline for 'trigger'": 1 }],
])('counts what a run of %s comes to where the trigger has a debug_level', async (name, counters) => {
  const router = routerOf({ fire_pipeline: name, expire_pipeline: 'good', debug_level: 1 })
  const counts: CountsByTrigger = {}
  const counted = createStreamRunner({
    router,
    pipelines: new Map([
      ['good', { name: 'good', steps: [{ name: 'passing', handler: passing, params: {} }] }],
      ['bad', { name: 'bad', steps: [{ name: 'failing', handler: failing, params: {} }] }],
      ['unsure', { name: 'unsure', steps: [{ name: 'unsure', handler: unsure, params: {} }] }],
    ]),
    clock: createManualClock(0),
    logger: silentLogger,
    purge: true,
    retries: 0,
    debug: new TriggerDebug(router.triggers, counts),
  })
  await counted.run(claim(), [], RUNNING)
  expect(counts.trigger?.counters).toEqual(counters)
})

test.each([
  ['in its first run, at the time when the stream was due', true, 5],
  ['in another try, at the time of now', false, 100],
])('what a late run makes joins, %s', async (_, isFirst, joinedAt) => {
  const made = event({ messageId: 'made', host: 'h' })
  const making = class extends passing {
    override handleEvents() {
      return [made]
    }
  } as RunHandlerClass
  const steps = [{ name: 'making', handler: making, params: {} }]
  const late = createStreamRunner({
    router: routerOf({ fire_pipeline: 'late' }),
    pipelines: new Map([['late', { name: 'late', steps }]]),
    clock: { now: () => 100, timeOfRun: (due) => due },
    logger: silentLogger,
    purge: true,
    retries: 2,
  })
  const due = { ...claim(), isFirst, stream: { ...claim().stream, generation: 0, fireTimestamp: 5 } }
  expect(await late.run(due, [], RUNNING)).toMatchObject({
    kind: 'finished',
    run: { newEvents: [{ at: joinedAt, event: { messageId: 'made' } }] },
  })
})
