import { expect, test } from 'vitest'
import { retryDeadLetter } from '../../../src/consumer/retry-dead-letter.ts'
import type { Event } from '../../../src/domain/event.ts'
import type { Handler } from '../../../src/pipeline/handler.ts'
import { silentLogger } from '../../../src/runtime/logger.ts'
import type { Store } from '../../../src/store/store.ts'
import { until } from '../../support/until.ts'
import { ALL, openTestStore, router, storeFor, workerWith } from '../../support/worker.ts'

/** Commits of the hosts in `held` wait until they are let go; those in `broken` fail. */
function gate() {
  const held = new Map<string, PromiseWithResolvers<void>>()
  const broken = new Set<string>()
  const committed: string[] = []
  class Gated implements Handler {
    #host = ''
    handleEvents(events: readonly Event[]): readonly Event[] {
      this.#host = events[0]?.messageId ?? ''
      return events
    }
    async commit() {
      await held.get(this.#host)?.promise
      if (broken.has(this.#host)) throw new Error('not taken')
      committed.push(this.#host)
    }
    rollback() {}
  }
  return {
    Gated,
    broken,
    committed,
    hold: (host: string) => held.set(host, Promise.withResolvers()),
    letGo: (host: string) => held.get(host)?.resolve(),
  }
}

const statesOf = async (store: Store) =>
  Object.fromEntries(
    (await store.listStreams({}, ALL)).map(({ distinguishingTraits: { host }, state }) => [
      host?.type === 'text' ? host.value : '',
      state,
    ]),
  )

test('a run that takes long holds up no other, and is completed when it is done', async () => {
  const store = await openTestStore()
  const { Gated, hold, letGo } = gate()
  for (const host of ['a', 'b']) hold(host)
  const { worker } = workerWith(store, Gated, { slowAfterMs: 1, concurrency: 1 })
  await storeFor(store, ['a', 'b', 'c', 'd'])
  expect(await worker.pass('fire')).toBe(4)
  expect(await statesOf(store)).toEqual({ a: 'firing', b: 'firing', c: 'completed', d: 'completed' })
  await storeFor(store, ['e'])
  expect(await worker.pass('fire')).toBe(1)
  expect(await statesOf(store)).toMatchObject({ a: 'firing', e: 'completed' })
  letGo('a')
  await until('it is completed', async () => (await statesOf(store)).a === 'completed')
  letGo('b')
  await worker.stop()
  expect(await statesOf(store)).toMatchObject({ b: 'completed' })
  expect(worker.counters.fired).toBe(5)
})

test('a failed commit is counted and kept as a dead letter; retrying it runs the stream again', async () => {
  const store = await openTestStore()
  const { Gated, broken, committed } = gate()
  broken.add('a')
  const { worker } = workerWith(store, Gated)
  await storeFor(store, ['a', 'b'])
  await worker.pass('fire')
  expect(worker.counters).toMatchObject({ fired: 2, failed: 0, commitFailures: 1 })
  expect(await statesOf(store)).toEqual({ a: 'completed', b: 'completed' })
  const [letter] = await store.listDeadLetters({}, ALL)
  expect(letter).toMatchObject({
    stage: 'commit',
    reason: expect.stringContaining('commit of tested: Error: not taken'),
  })
  broken.clear()
  const context = { store, router, logger: silentLogger, queueOf: () => undefined } as never
  if (!letter) throw new Error('there is a letter')
  expect(await retryDeadLetter(letter, context)).toEqual({ outcome: 'reset' })
  expect(await worker.pass('fire')).toBe(1)
  expect(committed).toEqual(['b', 'a'])
  expect(await store.countDeadLetters({})).toBe(0)
  expect((await store.listStreams({}, ALL)).map(({ lastError }) => lastError)).toEqual([null, null])
  // What has succeeded is not run again.
  expect(await retryDeadLetter(letter, context)).toEqual({ outcome: 'gone' })
})

test('a handler that adds to the list it was given makes new events all the same', async () => {
  const store = await openTestStore()
  class Adding implements Handler {
    handleEvents(events: readonly Event[]): readonly Event[] {
      const [first] = events as [Event]
      ;(events as Event[]).push({ ...first, messageId: 'made', eventType: 'y' })
      return events
    }
    commit() {}
    rollback() {}
  }
  await storeFor(store, ['a'])
  await workerWith(store, Adding).worker.pass('fire')
  expect(await store.findEvent('made')).toMatchObject({ eventType: 'y' })
})

test('a handler that answers no list is named', async () => {
  const store = await openTestStore()
  class Silent implements Handler {
    handleEvents() {
      return undefined as never
    }
    commit() {}
    rollback() {}
  }
  await storeFor(store, ['a'])
  await workerWith(store, Silent).worker.pass('fire')
  const [stream] = await store.listStreams({}, ALL)
  expect(stream?.lastError).toMatch(/^tested: InvalidError: handleEvents must answer a list of events/)
})

test('too many slow runs of a pipeline hold up no look: what comes after them is put off', async () => {
  const store = await openTestStore()
  const { Gated, hold, letGo } = gate()
  const hosts = Array.from({ length: 110 }, (_, index) => `h${index}`)
  for (const host of hosts) hold(host)
  const { worker } = workerWith(store, Gated, { slowAfterMs: 1, concurrency: 1, batchSize: 1000 })
  await storeFor(store, hosts)
  expect(await worker.pass('fire')).toBe(110)
  const streams = await store.listStreams({}, ALL)
  const counts = Object.fromEntries(
    [...Map.groupBy(streams, ({ state }) => state)].map(([state, list]) => [state, list.length]),
  )
  expect(counts).toEqual({ firing: 100, retry_fire: 10 })
  expect(streams.filter(({ state, attempts }) => state === 'retry_fire' && attempts === 0)).toHaveLength(10)
  expect((await store.nextDue(true)).retryInMs).toBeGreaterThan(0)
  expect(worker.slowRuns()).toEqual(new Map([['fire', 100]]))
  expect(worker.hindrance()).toBe('too many runs wait for something in pipeline fire')
  for (const host of hosts) letGo(host)
  await until('one is done', () => worker.hindrance() === undefined)
  await worker.stop()
})
