import { describe, expect, onTestFinished, test } from 'vitest'
import { retryDeadLetter } from '../../../../src/consumer/retry-dead-letter.ts'
import type { Event } from '../../../../src/domain/event.ts'
import type { Handler } from '../../../../src/pipeline/handler.ts'
import { AtomPubHandler } from '../../../../src/pipeline/handlers/atompub-handler.ts'
import { ElasticsearchHandler } from '../../../../src/pipeline/handlers/elasticsearch-handler.ts'
import { WebhookHandler } from '../../../../src/pipeline/handlers/webhook-handler.ts'
import { SlowRuns } from '../../../../src/pipeline/worker/slow-runs.ts'
import { silentLogger } from '../../../../src/runtime/logger.ts'
import type { Store } from '../../../../src/store/store.ts'
import { httpServer, reply } from '../../../support/http-server.ts'
import { until } from '../../../support/until.ts'
import { ALL, openTestStore, router, storeFor, workerWith } from '../../../support/worker.ts'

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

test('too many slow runs of a pipeline hold up no look: what comes after them is put off, but for samples', async () => {
  const store = await openTestStore()
  const { Gated, hold, letGo } = gate()
  const hosts = Array.from({ length: 300 }, (_, index) => `h${index}`)
  for (const host of hosts) hold(host)
  const { worker } = workerWith(store, Gated, { slowAfterMs: 1, concurrency: 1, batchSize: 1000 })
  await storeFor(store, hosts)
  expect(await worker.pass('fire')).toBe(300)
  const streams = await store.listStreams({}, ALL)
  const counts = Object.fromEntries(
    [...Map.groupBy(streams, ({ state }) => state)].map(([state, list]) => [state, list.length]),
  )
  const begun = counts.firing ?? 0
  expect(begun).toBeGreaterThanOrEqual(120)
  expect(counts).toEqual({ firing: begun, retry_fire: 300 - begun })
  const putOff = streams.filter(({ state, attempts }) => state === 'retry_fire' && attempts === 0)
  expect(putOff).toHaveLength(300 - begun)
  expect((await store.nextDue(true)).retryInMs).toBeGreaterThan(0)
  expect(worker.slowRuns()).toEqual(new Map([['fire', begun]]))
  expect(worker.hindrance()).toBe('too many runs wait for something in pipeline fire')
  for (const host of hosts) letGo(host)
  await until('one is done', () => worker.hindrance() === undefined)
  await worker.stop()
})

test('of a pipeline whose places are full a few more are begun in a while, as memory allows', () => {
  let now = 0
  const slow = new SlowRuns(() => now)
  const forever = new Promise<void>(() => {})
  const begin = (events = 1) => {
    const running = { pipeline: 'p', events, isAlone: false }
    slow.add(
      running,
      forever.then(() => {}),
    )
    return running
  }
  const begun = () => {
    let count = 0
    for (; slow.mayBegin('p') && count < 2000; count++) begin()
    return count
  }
  expect([begun(), begun()]).toEqual([120, 0])
  expect([slow.isFull('p'), slow.mayBegin('q')]).toEqual([true, true])
  now += 5000
  expect(begun()).toBe(20)
  for (let count = 0; count < 44; count++) {
    now += 5000
    begun()
  }
  expect(slow.counts()).toEqual(new Map([['p', 1000]]))
  now += 5000
  expect(begun()).toBe(0)
})

test('samples are begun while few events are in memory', () => {
  let now = 0
  const slow = new SlowRuns(() => now)
  for (let count = 0; count < 100; count++)
    slow.add({ pipeline: 'p', events: 100, isAlone: false }, new Promise(() => {}))
  now += 5000
  expect(slow.mayBegin('p')).toBe(false)
})

test('runs that wait alone take no places, as long as they are not too many', () => {
  const slow = new SlowRuns()
  const runs = Array.from({ length: 1100 }, () => ({ pipeline: 'p', events: 1, isAlone: false }))
  for (const running of runs) slow.add(running, new Promise(() => {}))
  expect([slow.isFull('p'), slow.mayBegin('p')]).toEqual([true, false])
  for (const running of runs.slice(0, 999)) running.isAlone = true
  expect(slow.isFull('p')).toBe(true)
  for (const running of runs) running.isAlone = true
  expect(slow.isFull('p')).toBe(true)
  const fewer = new SlowRuns()
  for (const running of runs.slice(0, 1099)) fewer.add(running, new Promise(() => {}))
  expect([fewer.isFull('p'), fewer.mayBegin('p')]).toEqual([false, true])
})

describe.each([
  ['atompub', AtomPubHandler],
  ['webhook', WebhookHandler],
  ['elasticsearch', ElasticsearchHandler],
] as const)('%s', (_, handlerClass) => {
  test('120 streams that a receiver refuses hold up none of those that come after them', async () => {
    const { url } = await httpServer((response, { body }) => {
      const text = String(body)
      const items = [...text.matchAll(/"_id"/g)].map(() => ({ index: { status: 201 } }))
      reply(response, text.includes('bad') ? 500 : 200, { items })
    })
    const store = await openTestStore()
    const params = { url, wait_interval: 0.05, max_wait: 0.2, tries: 3 }
    const { worker } = workerWith(store, handlerClass, { slowAfterMs: 1, batchSize: 1000 }, params)
    const bad = Array.from({ length: 120 }, (_, index) => `bad${index}`)
    const good = Array.from({ length: 60 }, (_, index) => `good${index}`)
    await storeFor(store, bad)
    await storeFor(store, good)
    await worker.start()
    onTestFinished(() => worker.stop())
    await until('the good ones are done', async () => {
      const states = await statesOf(store)
      return good.every((host) => states[host] === 'completed')
    })
    // What comes on later tells that those before are refused.
    let more = 0
    await until('the others are dead letters', async () => {
      await storeFor(store, [`more${more++}`])
      return (await store.countDeadLetters({})) === bad.length
    })
    expect(Object.values(await statesOf(store)).filter((state) => state.endsWith('error'))).toEqual([])
    const letters = await store.listDeadLetters({}, ALL)
    expect(letters.every(({ reason }) => reason.includes('answered 500'))).toBe(true)
    expect(new Set(letters.map(({ stage }) => stage))).toEqual(new Set(['commit']))
  })
})
