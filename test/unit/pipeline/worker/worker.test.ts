import { setImmediate as immediate } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createManualClock } from '../../../../src/clock/event-clock.ts'
import { TransientError } from '../../../../src/domain/errors.ts'
import type { HandlerClass } from '../../../../src/pipeline/handler.ts'
import { createStreamRunner } from '../../../../src/pipeline/worker/stream-runner.ts'
import { Worker } from '../../../../src/pipeline/worker/worker.ts'
import { type Logger, silentLogger } from '../../../../src/runtime/logger.ts'
import type { ClaimedStream, DueTimes, FinishedRun } from '../../../../src/store/ports/stream-runs.ts'
import type { Store } from '../../../../src/store/store.ts'
import { at, routerOf } from '../../../support/events.ts'

const NOW = at('2026-01-01T00:00:00')
const NOTHING: DueTimes = { fire: null, expire: null, retryInMs: null }

let looks: number
let claims: string[]
let limits: number[]
let due: () => DueTimes
let claimed: ClaimedStream[]
let released: number[]
let finished: number[]
let isReleaseLost: boolean
let worker: Worker | undefined

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  looks = 0
  claims = []
  limits = []
  due = () => NOTHING
  claimed = []
  released = []
  finished = []
  isReleaseLost = false
})

afterEach(async () => {
  await worker?.stop()
  vi.useRealTimers()
})

/** A worker over a store that only says what is due and what was asked of it. */
async function start(
  logger: Logger = silentLogger,
  handler?: HandlerClass,
  concurrency = 1,
): Promise<Worker> {
  const store = {
    async nextDue() {
      looks++
      return due()
    },
    async claimStreams({ kind, limit }: { kind: string; limit: number }) {
      claims.push(kind)
      limits.push(limit)
      return claimed.splice(0, limit)
    },
    async claimOrphan() {},
    trimChanges: async () => false,
    async closeSpan() {
      return false
    },
    async eventsOfStreams() {
      return new Map()
    },
    async finishRuns(runs: readonly FinishedRun[]) {
      finished.push(...runs.map(({ claim }) => claim.stream.id))
      return new Set(runs.map(({ claim }) => claim.stream.id))
    },
    async releaseClaims(claims: readonly ClaimedStream[]) {
      if (isReleaseLost) throw new TransientError('away')
      released.push(...claims.map(({ stream }) => stream.id))
    },
  } as Partial<Store> as Store
  const shared = { router: routerOf({}), clock: createManualClock(NOW), logger }
  worker = new Worker({
    ...shared,
    name: 'test',
    store,
    runner: createStreamRunner({
      ...shared,
      pipelines: handler
        ? new Map([['fire', { name: 'fire', steps: [{ name: 'h', handler, params: {} }] }]])
        : new Map(),
      purge: false,
      retries: 0,
    }),
    batchSize: 10,
    delayMs: 10_000,
    leaseMs: 60_000,
    concurrency,
    trim: undefined,
  })
  await worker.start()
  await settle()
  return worker
}

/** What can go on without time going on has done so. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await immediate()
}

async function pass(ms: number): Promise<void> {
  vi.advanceTimersByTime(ms)
  await settle()
}

test('with nothing due it looks now and then and claims nothing', async () => {
  await start()
  expect(looks).toBe(1)
  await pass(99)
  expect(looks).toBe(1)
  await pass(1)
  expect(looks).toBe(2)
  expect(claims).toEqual([])
})

test('when it is told it looks at once', async () => {
  const told = await start()
  told.tell()
  await settle()
  expect(looks).toBe(2)
})

test('being told while it looks makes it look again', async () => {
  const told = await start()
  due = () => {
    if (looks === 2) told.tell()
    return NOTHING
  }
  told.tell()
  await settle()
  expect(looks).toBe(3)
})

test('it sleeps until the next due time where that comes before the next look', async () => {
  due = () => ({ ...NOTHING, expire: NOW + 30_000 })
  await start()
  await pass(29)
  expect(looks).toBe(1)
  await pass(1)
  expect(looks).toBe(2)
})

test.each([
  ['fire', { fire: NOW - 1 }, ['fire']],
  ['expire', { expire: NOW - 1 }, ['expire']],
  ['retries', { retryInMs: 0 }, ['fire', 'expire']],
  ['nothing of this moment', { fire: NOW, expire: NOW, retryInMs: 1 }, []],
])('claims what is due: %s', async (_, times, expected) => {
  due = () => ({ ...NOTHING, ...times })
  await start()
  expect(claims).toEqual(expected)
})

test('one look claims batch after batch, as long as they are full', async () => {
  claimed = claimsOf(25)
  due = () => (looks === 1 ? { ...NOTHING, fire: NOW - 1 } : NOTHING)
  const busy = await start(silentLogger, Passing)
  expect(claims).toEqual(['fire', 'fire', 'fire'])
  expect(limits).toEqual([10, 10, 10])
  expect(busy.counters.fired).toBe(25)
})

test('a pass of its own is one batch', async () => {
  const idle = await start(silentLogger, Passing)
  claimed = claimsOf(25)
  expect(await idle.pass('fire')).toBe(10)
  expect(limits).toEqual([10])
})

test('a database that is away is told once, and once that it is back', async () => {
  const lines: string[] = []
  const note = (_: object, text: string) => void lines.push(text)
  due = () => {
    if (looks <= 3) throw new TransientError('away')
    return NOTHING
  }
  await start({ ...silentLogger, warn: note, info: note })
  for (let round = 0; round < 3; round++) await pass(10_000)
  expect(looks).toBeGreaterThan(3)
  expect(lines).toEqual(['away; trying again until it works', 'the database answers again'])
})

test('a stop lets the streams that run end and gives back those that have not begun', async () => {
  const { handler: slow, release } = held()
  claimed = claimsOf(300)
  due = () => ({ ...NOTHING, fire: NOW - 1 })
  const stopping = await start(silentLogger, slow)
  const stopped = stopping.stop()
  await settle()
  release()
  await stopped
  expect(stopping.counters.fired).toBe(1)
  expect(released.sort((a, b) => a - b)).toEqual(Array.from({ length: 29 }, (_, index) => index + 2))
})

const Passing = class {
  handleEvents(events: never[]) {
    return events
  }
  commit() {}
  rollback() {}
} as HandlerClass

/** A handler that goes on when it is told. */
function held(): { readonly handler: HandlerClass; readonly release: () => void } {
  let release: () => void = () => {}
  const handler = class {
    async handleEvents(events: never[]) {
      await new Promise<void>((resolve) => {
        release = resolve
      })
      return events
    }
    commit() {}
    rollback() {}
  } as HandlerClass
  return { handler, release: () => release() }
}

function claimsOf(count: number): ClaimedStream[] {
  return Array.from({ length: count }, (_, index) => {
    const stream = { id: index + 1, name: 'trigger', attempts: 1, eventCount: 1, distinguishingTraits: {} }
    return { stream, kind: 'fire', takenOver: false } as unknown as ClaimedStream
  })
}

test('a stop closes the steps of pipelines when the last run has ended', async () => {
  const notes: string[] = []
  const ending = Promise.withResolvers<void>()
  const handler: HandlerClass = {
    open: () => ({
      forRun: () => ({
        async handleEvents(events) {
          await ending.promise
          return events
        },
        commit: () => void notes.push('commit'),
        rollback() {},
      }),
      close: () => void notes.push('close'),
    }),
  }
  due = () => ({ ...NOTHING, fire: NOW - 1 })
  claimed = claimsOf(1)
  const stopping = (await start(silentLogger, handler)).stop()
  await settle()
  expect(notes).toEqual([])
  ending.resolve()
  await stopping
  expect(notes).toEqual(['commit', 'close'])
})

test('as many pipelines run at once as there are lanes', async () => {
  let [running, most] = [0, 0]
  const waiting = class {
    async handleEvents(events: never[]) {
      most = Math.max(most, ++running)
      await immediate()
      running--
      return events
    }
    commit() {}
    rollback() {}
  } as HandlerClass
  claimed = claimsOf(10)
  due = () => ({ ...NOTHING, fire: NOW - 1 })
  const busy = await start(silentLogger, waiting, 3)
  expect([most, busy.counters.fired]).toEqual([3, 10])
})

test('what has committed is written also when giving back the rest fails', async () => {
  isReleaseLost = true
  const { handler: slow, release } = held()
  claimed = claimsOf(3)
  due = () => ({ ...NOTHING, fire: NOW - 1 })
  const stopping = await start(silentLogger, slow)
  const stopped = stopping.stop()
  release()
  await stopped
  expect(finished).toEqual([1])
})

test('a worker that retires claims no more, and lets the runs in hand end without hurrying them', async () => {
  const ending = Promise.withResolvers<void>()
  let running: AbortSignal | undefined
  const handler: HandlerClass = {
    open: (_, { signal }) => ({
      forRun: () => ({
        async handleEvents(events) {
          running = signal
          await ending.promise
          return events
        },
        commit() {},
        rollback() {},
      }),
      close() {},
    }),
  }
  claimed = claimsOf(1)
  due = () => ({ ...NOTHING, fire: NOW - 1 })
  const retiring = await start(silentLogger, handler)
  // The run is slow now, and the worker goes on without it.
  await pass(1500)
  const ended = retiring.retire()
  await settle()
  const looked = looks
  claimed = claimsOf(1)
  await pass(10_000)
  expect([looks, finished, running?.aborted]).toEqual([looked, [], false])
  ending.resolve()
  await ended
  expect([finished, claimed.length]).toEqual([[1], 1])
})
