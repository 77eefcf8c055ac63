import { setImmediate as immediate } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createManualClock } from '../../../../src/clock/event-clock.ts'
import { TransientError } from '../../../../src/domain/errors.ts'
import type { Event } from '../../../../src/domain/event.ts'
import type { Handler, HandlerClass } from '../../../../src/pipeline/handler.ts'
import type { ClaimBatch } from '../../../../src/pipeline/worker/claim-batches.ts'
import { ClaimRunner } from '../../../../src/pipeline/worker/claim-runner.ts'
import { createStreamRunner } from '../../../../src/pipeline/worker/stream-runner.ts'
import { createWorkerCounters } from '../../../../src/pipeline/worker/worker-counters.ts'
import { silentLogger } from '../../../../src/runtime/logger.ts'
import { Outage } from '../../../../src/runtime/outage.ts'
import type { Store } from '../../../../src/store/store.ts'
import { ALL, NOW, openTestStore, router, storeFor } from '../../../support/worker.ts'

const HOSTS = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
const LEASE_MS = 3000

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
})

afterEach(() => {
  // Whatever happened, no lease is renewed any more.
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

class Passing implements Handler {
  handleEvents(events: readonly Event[]): readonly Event[] | Promise<readonly Event[]> {
    return events
  }
  commit() {}
  rollback() {}
}

/** A store with a stream for each host that is due, over which some methods are laid. */
async function storeWith(lay: (store: Store) => Partial<Store>): Promise<Store> {
  const store = await openTestStore()
  await storeFor(store, HOSTS)
  return { ...store, ...lay(store) }
}

function runnerOver(store: Store, handler: HandlerClass, concurrency = 2) {
  const counters = createWorkerCounters()
  const stopping = new AbortController()
  const told: string[] = []
  const note = (_: object, text: string) => void told.push(text)
  const outage = new Outage({ info: note, warn: note }, 'back')
  const shared = { store, router, clock: createManualClock(NOW + 1), logger: silentLogger, outage }
  const pipeline = { name: 'fire', steps: [{ name: 'tested', handler, params: {} }] }
  const pipelines = new Map([['fire', pipeline]])
  const runner = createStreamRunner({ ...shared, pipelines, purge: false, retries: 3 })
  const options = { ...shared, runner, leaseMs: LEASE_MS, concurrency, slowAfterMs: Number.POSITIVE_INFINITY }
  const claimRunner = new ClaimRunner({ ...options, counters, signal: stopping.signal })
  return { claimRunner, counters, stopping, told }
}

/** Claim after claim, until nothing is due. */
async function* claimsOf(store: Store, limit: number): AsyncGenerator<ClaimBatch> {
  for (;;) {
    const request = { kind: 'fire', now: NOW + 1, limit, worker: 'test', leaseMs: LEASE_MS } as const
    const claims = await store.claimStreams(request)
    if (claims.length === 0) return
    yield { claims, claimedAt: performance.now() }
  }
}

const statesOf = async (store: Store) => (await store.listStreams({}, ALL)).map(({ state }) => state)
const attemptsOf = async (store: Store) => (await store.listStreams({}, ALL)).map(({ attempts }) => attempts)
const ALL_COMPLETED = HOSTS.map(() => 'completed')

/** A handler that is held until it is let go. */
function held() {
  const [begun, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  class Held extends Passing {
    override async handleEvents(events: readonly Event[]) {
      begun.resolve()
      await end.promise
      return events
    }
  }
  return { Held, begun: begun.promise, letGo: end.resolve }
}

/** What needs no more than turns of the event loop has been done. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await immediate()
}

test('while handlers are at work the next streams are read, and those after them claimed, under leases', async () => {
  const steps: string[] = []
  const renewed: number[] = []
  const store = await storeWith((under) => ({
    async claimStreams(request) {
      const claims = await under.claimStreams(request)
      steps.push(`claimed ${claims.map(({ stream }) => stream.id)}`)
      return claims
    },
    async eventsOfStreams(ids) {
      steps.push(`read ${ids}`)
      return under.eventsOfStreams(ids)
    },
    async renewLeases(claims, leaseMs) {
      renewed.push(...claims.map(({ stream }) => stream.id))
      return under.renewLeases(claims, leaseMs)
    },
  }))
  const { Held, begun, letGo } = held()
  const { claimRunner, counters } = runnerOver(store, Held)
  const running = claimRunner.runAll(claimsOf(store, 2))
  await begun
  await settle()
  expect(steps.toSorted()).toEqual(['claimed 1,2', 'claimed 3,4', 'claimed 5,6', 'read 1,2', 'read 3,4'])
  vi.advanceTimersByTime(LEASE_MS / 3)
  expect(renewed.toSorted()).toEqual([1, 2, 3, 4, 5, 6])
  letGo()
  expect(await running).toBe(7)
  expect(await statesOf(store)).toEqual(ALL_COMPLETED)
  expect(counters).toMatchObject({ fired: 7, lost: 0 })
})

test.each([
  [2, [2, 2, 3]],
  [3, [3, 4]],
])(
  'streams with many events are read as many at a time as run at once (%i)',
  async (concurrency, expected) => {
    const read: number[] = []
    const store = await storeWith((under) => ({
      async claimStreams(request) {
        const claims = await under.claimStreams(request)
        const counts = [4000, 7000, 25_000, 1, 1, 1, 9997]
        return claims.map((claim, index) => ({
          ...claim,
          stream: { ...claim.stream, eventCount: counts[index] as number },
        }))
      },
      eventsOfStreams(ids) {
        read.push(ids.length)
        return under.eventsOfStreams(ids)
      },
    }))
    expect(await runnerOver(store, Passing, concurrency).claimRunner.runAll(claimsOf(store, 10))).toBe(7)
    expect(read).toEqual(expected)
    expect(await statesOf(store)).toEqual(ALL_COMPLETED)
  },
)

test('streams whose events cannot be read, and those claimed after them, are given back at once', async () => {
  let reads = 0
  const released: number[][] = []
  const store = await storeWith((under) => ({
    async claimStreams(request) {
      const claims = await under.claimStreams(request)
      return claims.map((claim) => ({ ...claim, stream: { ...claim.stream, eventCount: 20_000 } }))
    },
    async eventsOfStreams(ids) {
      if (++reads > 1) throw new TransientError('away')
      return under.eventsOfStreams(ids)
    },
    async releaseClaims(claims, waitMs) {
      released.push(claims.map(({ stream }) => stream.id))
      return under.releaseClaims(claims, waitMs)
    },
  }))
  const { claimRunner, counters } = runnerOver(store, Passing, 1)
  await expect(claimRunner.runAll(claimsOf(store, 6))).rejects.toThrow('away')
  // The second could not be read, the third was to be read next; the others in one go.
  expect(released).toEqual([[2], [3], [4, 5, 6]])
  expect(await statesOf(store)).toEqual([
    'completed',
    ...Array.from({ length: 5 }, () => 'retry_fire'),
    'active',
  ])
  reads = Number.NEGATIVE_INFINITY
  expect(await claimRunner.runAll(claimsOf(store, 6))).toBe(6)
  expect(await attemptsOf(store)).toEqual(HOSTS.map(() => 1))
  expect(counters).toMatchObject({ fired: 7, lost: 0 })
})

test('where a claim fails, what was claimed before it is run', async () => {
  let claims = 0
  const store = await storeWith((under) => ({
    async claimStreams(request) {
      if (++claims === 3) throw new TransientError('away')
      return under.claimStreams(request)
    },
  }))
  const { Held, begun, letGo } = held()
  const running = runnerOver(store, Held).claimRunner.runAll(claimsOf(store, 2))
  running.catch(() => {})
  await begun
  await settle()
  letGo()
  await expect(running).rejects.toThrow('away')
  expect(await statesOf(store)).toEqual([
    ...Array.from({ length: 4 }, () => 'completed'),
    ...Array.from({ length: 3 }, () => 'active'),
  ])
})

test('where outcomes cannot be written, what was claimed ahead is given back', async () => {
  let writes = 0
  const store = await storeWith((under) => ({
    async finishRuns(runs, writeRouter) {
      if (++writes === 1) throw new Error('not to be written')
      return under.finishRuns(runs, writeRouter)
    },
  }))
  const running = runnerOver(store, Passing).claimRunner.runAll(claimsOf(store, 1))
  await expect(running).rejects.toThrow('not to be written')
  // The second had been run when the first could not be written.
  expect((await statesOf(store)).slice(0, 2)).toEqual(['firing', 'completed'])
  expect((await statesOf(store)).slice(2)).not.toContain('firing')
})

test('a stop lets what runs end, and gives back all that was claimed ahead', async () => {
  const read: number[] = []
  const store = await storeWith((under) => ({
    eventsOfStreams(ids) {
      read.push(...ids)
      return under.eventsOfStreams(ids)
    },
  }))
  const { Held, begun, letGo } = held()
  const { claimRunner, stopping } = runnerOver(store, Held, 1)
  async function* untilStopped() {
    for await (const claim of claimsOf(store, 2)) {
      yield claim
      if (stopping.signal.aborted) return
    }
  }
  const running = claimRunner.runAll(untilStopped())
  await begun
  await settle()
  stopping.abort()
  letGo()
  await running
  expect(await statesOf(store)).toEqual([
    'completed',
    ...Array.from({ length: 5 }, () => 'retry_fire'),
    'active',
  ])
  expect(await attemptsOf(store)).toEqual([1, 0, 0, 0, 0, 0, 0])
  // What will not be run is not read.
  expect(read).toEqual([1, 2, 3, 4])
})

test('a database that is away while streams run is told once, and once that it is back', async () => {
  let failures = 3
  const fail = () => {
    if (failures-- > 0) throw new TransientError('away')
  }
  const store = await storeWith((under) => ({
    async renewLeases(claims, leaseMs) {
      fail()
      return under.renewLeases(claims, leaseMs)
    },
    async finishRuns(runs, writeRouter) {
      fail()
      return under.finishRuns(runs, writeRouter)
    },
  }))
  const { Held, begun, letGo } = held()
  const { claimRunner, told } = runnerOver(store, Held)
  const running = claimRunner.runAll(claimsOf(store, 4))
  await begun
  vi.advanceTimersByTime((LEASE_MS / 3) * 2)
  await settle()
  letGo()
  expect(await running).toBe(7)
  expect(told).toEqual(['leases could not be renewed: away; trying again until it works', 'back'])
})

test('streams that another worker has taken over are not run', async () => {
  const commits: number[] = []
  const store = await storeWith(() => ({ renewLeases: async () => new Set([2]) }))
  const { Held, begun, letGo } = held()
  class Counted extends Held {
    override commit() {
      commits.push(1)
    }
  }
  const { claimRunner, counters } = runnerOver(store, Counted, 1)
  const running = claimRunner.runAll(claimsOf(store, 3))
  await begun
  vi.advanceTimersByTime(LEASE_MS / 3)
  await settle()
  letGo()
  await running
  // The first was running, the third was lost; those claimed later were lost too, but for none of them is renewed here.
  expect(counters.lost).toBeGreaterThanOrEqual(1)
  expect((await statesOf(store))[2]).toBe('firing')
  expect(commits.length).toBe(counters.fired)
})

test('a run that breaks outside of its handlers costs no other stream anything', async () => {
  const store = await storeWith(() => ({}))
  class Breaking extends Passing {
    override handleEvents([first]: readonly Event[]): readonly Event[] {
      if (first?.messageId !== 'b') return first ? [first] : []
      const error = new Error('boom')
      Object.defineProperty(error, 'stack', {
        get() {
          throw new Error('no stack')
        },
      })
      throw error
    }
  }
  const { claimRunner, counters } = runnerOver(store, Breaking)
  expect(await claimRunner.runAll(claimsOf(store, 4))).toBe(7)
  expect(await statesOf(store)).toEqual(ALL_COMPLETED.with(1, 'retry_fire'))
  expect(counters).toMatchObject({ fired: 6, failed: 1 })
})
