import { expect, onTestFinished, test, vi } from 'vitest'
import { TransientError } from '../../../src/domain/errors.ts'
import type { Event } from '../../../src/domain/event.ts'
import type { Handler } from '../../../src/pipeline/handler.ts'
import type { Store } from '../../../src/store/store.ts'
import { until } from '../../support/until.ts'
import { ALL, openTestStore, storeFor, workerWith } from '../../support/worker.ts'

const HOSTS = ['a', 'b', 'c', 'd', 'e', 'f', 'g']

class Passing implements Handler {
  handleEvents(events: readonly Event[]): readonly Event[] {
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

const statesOf = async (store: Store) => (await store.listStreams({}, ALL)).map(({ state }) => state)

test('a pass claims one batch; with time left it goes on with the next', async () => {
  const limits: number[] = []
  const store = await storeWith((under) => ({
    claimStreams(request) {
      limits.push(request.limit)
      return under.claimStreams(request)
    },
  }))
  const { worker } = workerWith(store, Passing, { batchSize: 2 })
  expect(await worker.pass('fire')).toBe(2)
  expect(limits).toEqual([2])
  expect(await worker.pass('fire', Number.POSITIVE_INFINITY)).toBe(5)
  expect(limits).toEqual([2, 2, 2, 2])
  expect(await statesOf(store)).toEqual(HOSTS.map(() => 'completed'))
})

test('the next streams are claimed and read while the handlers of some are at work', async () => {
  let [claims, reads] = [0, 0]
  const isAhead = Promise.withResolvers<void>()
  const note = () => {
    if (claims >= 3 && reads >= 2) isAhead.resolve()
  }
  const store = await storeWith((under) => ({
    async claimStreams(request) {
      const claimed = await under.claimStreams(request)
      claims++
      note()
      return claimed
    },
    async eventsOfStreams(ids) {
      const events = await under.eventsOfStreams(ids)
      reads++
      note()
      return events
    },
  }))
  class Waiting implements Handler {
    async handleEvents(events: readonly Event[]) {
      await isAhead.promise
      return events
    }
    commit() {}
    rollback() {}
  }
  const { worker } = workerWith(store, Waiting, { batchSize: 1, slowAfterMs: Number.POSITIVE_INFINITY })
  expect(await worker.pass('fire', Number.POSITIVE_INFINITY)).toBe(7)
})

test('what is claimed ahead stays claimed however long the handlers before it take', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  onTestFinished(() => void vi.useRealTimers())
  const claimed: number[] = []
  const renewed = new Set<number>()
  const store = await storeWith((under) => ({
    async claimStreams(request) {
      const claims = await under.claimStreams(request)
      claimed.push(...claims.map(({ stream }) => stream.id))
      return claims
    },
    async renewLeases(claims, leaseMs) {
      for (const { stream } of claims) renewed.add(stream.id)
      return under.renewLeases(claims, leaseMs)
    },
  }))
  const [begun, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  class Waiting implements Handler {
    async handleEvents(events: readonly Event[]) {
      begun.resolve()
      await end.promise
      return events
    }
    commit() {}
    rollback() {}
  }
  const options = { batchSize: 1, slowAfterMs: Number.POSITIVE_INFINITY, leaseMs: 3000 }
  const passing = workerWith(store, Waiting, options).worker.pass('fire', Number.POSITIVE_INFINITY)
  await begun.promise
  await until('three are claimed', () => claimed.length === 3)
  vi.advanceTimersByTime(1000)
  expect([...renewed].sort()).toEqual(claimed)
  end.resolve()
  expect(await passing).toBe(7)
  expect(vi.getTimerCount()).toBe(0)
})

test('of streams with many events those of some are read at a time', async () => {
  const read: number[] = []
  const store = await storeWith((under) => ({
    async claimStreams(request) {
      const claims = await under.claimStreams(request)
      const counts = [4000, 4000, 4000, 25_000, 1, 9999, 1]
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
  expect(await workerWith(store, Passing).worker.pass('fire')).toBe(7)
  expect(read).toEqual([2, 1, 1, 2, 1])
  expect(await statesOf(store)).toEqual(HOSTS.map(() => 'completed'))
})

test('streams whose events cannot be read, and those claimed after them, are given back', async () => {
  let reads = 0
  const store = await storeWith((under) => ({
    eventsOfStreams(ids) {
      if (++reads > 1) throw new TransientError('away')
      return under.eventsOfStreams(ids)
    },
  }))
  const { worker } = workerWith(store, Passing, { batchSize: 2 })
  await expect(worker.pass('fire', Number.POSITIVE_INFINITY)).rejects.toThrow('away')
  const states = await statesOf(store)
  expect(states.slice(0, 2)).toEqual(['completed', 'completed'])
  expect(states).not.toContain('firing')
  reads = Number.NEGATIVE_INFINITY
  while ((await worker.pass('fire')) > 0);
  expect(await statesOf(store)).toEqual(HOSTS.map(() => 'completed'))
  expect((await store.listStreams({}, ALL)).map(({ attempts }) => attempts)).toEqual(HOSTS.map(() => 1))
  expect(worker.counters).toMatchObject({ fired: 7, lost: 0 })
})

test('where outcomes cannot be written, what was claimed ahead is given back', async () => {
  let writes = 0
  const store = await storeWith((under) => ({
    async finishRuns(runs, router) {
      if (++writes === 1) throw new Error('not to be written')
      return under.finishRuns(runs, router)
    },
  }))
  const { worker } = workerWith(store, Passing, { batchSize: 1 })
  await expect(worker.pass('fire', Number.POSITIVE_INFINITY)).rejects.toThrow('not to be written')
  const states = await statesOf(store)
  expect(states[0]).toBe('firing')
  // The second had been run when the first could not be written.
  expect(states.slice(0, 2)).toEqual(['firing', 'completed'])
  expect(states.slice(2)).not.toContain('firing')
})
