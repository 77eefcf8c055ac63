import { setImmediate as immediate } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Broker, Delivery, SubscribeOptions } from '../../../src/broker/broker.ts'
import { wallClock } from '../../../src/clock/event-clock.ts'
import { createConsumerCounters } from '../../../src/consumer/counters.ts'
import { QueueConsumer, type QueueConsumerOptions } from '../../../src/consumer/queue-consumer.ts'
import { compileDefinitions } from '../../../src/distiller/definition.ts'
import { createDistiller } from '../../../src/distiller/distiller.ts'
import { TransientError } from '../../../src/domain/errors.ts'
import type { Arrival, EncodedEvent } from '../../../src/domain/routing.ts'
import { silentLogger } from '../../../src/runtime/logger.ts'
import type { Batch } from '../../../src/store/ports/intake.ts'
import type { Store } from '../../../src/store/store.ts'
import { DELIVERY } from '../../support/delivery.ts'
import { at, routerOf } from '../../support/events.ts'
import { until } from '../../support/until.ts'

/** A consumer of two messages a batch, its broker and its store in the hands of the test. */
function setUp(storeBatch: (ids: string[]) => Promise<void>, options: Partial<QueueConsumerOptions> = {}) {
  const archived: string[] = []
  const acknowledged: string[] = []
  const warmUp: string[][] = []
  let subscriber: SubscribeOptions | undefined
  const broker = {
    subscribe: (_: unknown, options: SubscribeOptions) => {
      subscriber = options
      return {
        ackUpTo: ({ body }: Delivery) => acknowledged.push(String(JSON.parse(String(body)).message_id)),
        async setPrefetch() {},
        rest() {},
        resume() {},
        async pause() {},
        async close() {
          subscriber?.onLost()
        },
      }
    },
  } as unknown as Broker
  const store = {
    encode: () => ({ kind: 'encoded-event' }) as EncodedEvent,
    async warmUp(arrivals: readonly Arrival[]) {
      warmUp.push(arrivals.map(({ event }) => event.messageId))
      throw new TransientError('no connection is free')
    },
    async storeBatch({ arrivals }: Batch) {
      await storeBatch(arrivals.map(({ event }) => event.messageId))
      return { stored: arrivals.length, duplicates: 0 }
    },
    async ping() {
      throw new TransientError('away')
    },
  } as unknown as Store
  const definitions = compileDefinitions([{ event_type: 'x.*', traits: {} }], () => {})
  const consumer = new QueueConsumer({
    broker,
    store,
    archive: {
      async append(records) {
        archived.push(...records.map(({ body }) => JSON.parse(String(body)).message_id))
      },
      async close() {},
    },
    spec: { queue: 'q' } as never,
    counters: createConsumerCounters(),
    clock: wallClock,
    logger: silentLogger,
    router: routerOf({}),
    distiller: createDistiller(definitions, { catchAll: false }),
    maxMessageBytes: 1e6,
    prefetch: 100,
    batchSize: 2,
    batchMs: 0,
    ...options,
  })
  const send = (message_id: string, event_type = 'x.y') => deliver({ message_id, event_type }, false)
  const sendUndated = (message_id: string) => deliver({ message_id, timestamp: undefined }, false)
  const sendAgain = (message_id: string, timestamp: string) => deliver({ message_id, timestamp }, true)
  const deliver = (more: object, redelivered: boolean) => {
    const message = { event_type: 'x.y', timestamp: '2026-01-01T00:00:00', ...more }
    subscriber?.onDelivery({ ...DELIVERY, body: Buffer.from(JSON.stringify(message)), redelivered })
  }
  const read = () => subscriber?.onReading?.()
  const lose = (reason?: string) => subscriber?.onLost(reason)
  const awaitQueue = () => subscriber?.onAwaiting?.()
  return { awaitQueue, consumer, acknowledged, archived, warmUp, send, sendUndated, sendAgain, read, lose }
}

test('batches are stored in order and acknowledged by their last message', async () => {
  const stored: string[] = []
  const { consumer, acknowledged, send } = setUp(async (ids) => void stored.push(...ids))
  await consumer.start()
  for (const id of ['a', 'b', 'c', 'd']) send(id)
  await until('all are stored', async () => stored.length === 4)
  await consumer.stop()
  expect([stored, acknowledged]).toEqual([
    ['a', 'b', 'c', 'd'],
    ['b', 'd'],
  ])
})

test('why a queue is not read is told in the words of the broker, or of what else is away', async () => {
  let isBack = false
  let [reached, tries] = [0, 0]
  const failing = async () => {
    tries++
    if (!isBack) throw new TransientError('the table is full')
  }
  const { awaitQueue, consumer, send, read, lose } = setUp(failing, { onReached: () => reached++ })
  expect([consumer.hindrance, reached]).toEqual(['the broker has not answered yet', 0])
  await consumer.start()
  lose('no such virtual host')
  expect([consumer.hindrance, reached]).toEqual(['no such virtual host', 0])
  awaitQueue()
  expect([consumer.hindrance, reached]).toEqual([undefined, 1])
  read()
  expect(consumer.hindrance).toBeUndefined()
  send('a')
  await until('two attempts', () => tries > 1)
  lose()
  expect(consumer.hindrance).toBe('the database takes no batches: the table is full')
  isBack = true
  await consumer.stop()
})

test('a queue that was waited for does not hide a broker that is away', async () => {
  const { awaitQueue, consumer, lose } = setUp(async () => {})
  await consumer.start()
  awaitQueue()
  lose()
  expect([consumer.isAwaiting, consumer.hindrance]).toEqual([true, undefined])
  lose('connect ECONNREFUSED')
  expect([consumer.isAwaiting, consumer.hindrance]).toEqual([false, 'connect ECONNREFUSED'])
  awaitQueue()
  lose()
  expect([consumer.isAwaiting, consumer.hindrance]).toEqual([true, undefined])
  await consumer.stop()
})

test.each([
  ['events', 'x.y'],
  ['notifications that no definition matches', 'other'],
])('when it stops before a batch is stored, a later one of %s is not acknowledged', async (_, eventType) => {
  let isBack = false
  let tries = 0
  const stored: string[] = []
  const { consumer, acknowledged, archived, send } = setUp(async (ids) => {
    tries++
    if (!isBack) throw new TransientError('away')
    stored.push(...ids)
  })
  await consumer.start()
  for (const id of ['a', 'b']) send(id)
  await until('the first batch is tried', async () => tries > 0)
  for (const id of ['c', 'd']) send(id, eventType)
  await until('the second batch is prepared meanwhile', async () => archived.length === 4)
  isBack = true
  await consumer.stop()
  expect([stored, acknowledged]).toEqual([[], []])
})

test('while one batch is stored the next is archived, the one after it prepared and read ahead, and no more than that', async () => {
  const storing = Promise.withResolvers<void>()
  const begun: string[][] = []
  const { consumer, archived, warmUp, send } = setUp(async (ids) => {
    begun.push(ids)
    await storing.promise
  })
  await consumer.start()
  for (const id of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) send(id)
  await until('the second batch is archived', async () => archived.length === 4)
  for (let turn = 0; turn < 50; turn++) await immediate()
  const ahead = [
    ['c', 'd'],
    ['e', 'f'],
  ]
  expect([begun, archived.length, warmUp]).toEqual([[['a', 'b']], 4, ahead])
  storing.resolve()
  await until('all are stored', async () => begun.length === 4)
  await consumer.stop()
})

test('the time of what is delivered again is held from its delivery until it is stored; until it is read, any time', async () => {
  const told: (number | undefined)[] = []
  const clock = { ...wallClock, holdReturned: (_: string, oldest?: number) => void told.push(oldest) }
  const gates = Array.from({ length: 3 }, () => Promise.withResolvers<void>())
  let begun = 0
  const { consumer, acknowledged, archived, send, sendAgain } = setUp(
    () => gates[begun++]?.promise as never,
    {
      clock,
    },
  )
  await consumer.start()
  send('a')
  expect(told).toEqual([])
  sendAgain('b', '2026-01-03T00:00:00')
  expect(told).toEqual([0])
  await until('the first batch is archived', () => archived.length === 2)
  // The message that is older was not given back.
  expect(told.at(-1)).toBe(at('2026-01-03T00:00:00'))
  sendAgain('c', '2026-01-02T00:00:00')
  sendAgain('d', '2026-01-04T00:00:00')
  expect(told.at(-1)).toBe(0)
  await until('the next is too', () => archived.length === 4)
  expect(told.at(-1)).toBe(at('2026-01-02T00:00:00'))
  sendAgain('e', '2026-01-05T00:00:00')
  sendAgain('f', '2026-01-06T00:00:00')
  await until('the third is read', () => told.at(-1) !== 0)
  for (const oldest of ['2026-01-02T00:00:00', '2026-01-05T00:00:00', undefined]) {
    const before = acknowledged.length
    gates[before]?.resolve()
    await until('a batch is stored', () => acknowledged.length > before && begun > before)
    await immediate()
    expect(told.at(-1)).toBe(oldest && at(oldest))
  }
  await consumer.stop()
})

test('a lost connection gives back what is at hand or may be on its way, and what is in hand still holds the clock', async () => {
  const said: string[] = []
  const clock = {
    ...wallClock,
    hold: () => void said.push('hold'),
    holdReturned: (_: string, oldest?: number) => void said.push(`returned ${oldest}`),
    gaveBack: () => void said.push('gave back'),
    release: () => void said.push('release'),
  }
  const storing = Promise.withResolvers<void>()
  let isBegun = false
  const { consumer, acknowledged, send, sendAgain, read, lose } = setUp(
    () => {
      isBegun = true
      return storing.promise
    },
    { clock },
  )
  await consumer.start()
  lose()
  expect(said).not.toContain('gave back')
  read()
  lose()
  lose()
  expect(said.filter((word) => word === 'gave back')).toHaveLength(1)
  send('a')
  await until('it is being stored', () => isBegun)
  sendAgain('b', '2026-01-02T00:00:00')
  said.length = 0
  lose()
  expect(said).toEqual(['gave back', 'returned undefined'])
  storing.resolve()
  await until('it is stored', () => acknowledged.length === 1)
  await until('rest', () => said.includes('release'))
  await consumer.stop()
})

test('a consumer that stops with nothing at hand gives nothing back', async () => {
  let count = 0
  const { consumer, acknowledged, send, read } = setUp(async () => {}, {
    clock: { ...wallClock, gaveBack: () => void count++ },
  })
  await consumer.start()
  read()
  send('a')
  await until('it is stored', () => acknowledged.length === 1)
  await consumer.stop()
  expect(count).toBe(0)
})

test('a message that comes alone is stored at once, however long batches may wait', async () => {
  const stored: string[] = []
  const patient = { batchSize: 100, batchMs: 600_000 }
  const { consumer, send } = setUp(async (ids) => void stored.push(...ids), patient)
  await consumer.start()
  for (const id of ['a', 'b', 'c']) {
    send(id)
    await until('it is stored', async () => stored.at(-1) === id)
  }
  await consumer.stop()
})

test('all that the broker delivers before an acknowledgement is a full batch', async () => {
  const storing = Promise.withResolvers<void>()
  const patient = { prefetch: 10, batchSize: 500, batchMs: 600_000 }
  const { consumer, archived, send } = setUp(() => storing.promise, patient)
  await consumer.start()
  send('first')
  await until('the first is prepared', async () => archived.length === 1)
  // Waiting for more than the prefetch would take until the time is up: longer than the test waits.
  for (let n = 0; n < 10; n++) send(`m${n}`)
  await until('the next batch is prepared', async () => archived.length === 11)
  storing.resolve()
  await consumer.stop()
})

test('in a flood a batch is waited for also while the database has nothing to do', async () => {
  const batches: number[] = []
  const patient = { batchSize: 10, batchMs: 600_000 }
  const { consumer, send } = setUp(async (ids) => void batches.push(ids.length), patient)
  await consumer.start()
  const sendMany = (name: string, count: number) => {
    for (let n = 0; n < count; n++) send(`${name}-${n}`)
  }
  sendMany('a', 10)
  await until('a full batch is stored', async () => batches.length === 1)
  sendMany('b', 5)
  for (let turn = 0; turn < 50; turn++) await immediate()
  expect(batches).toEqual([10])
  sendMany('c', 5)
  await until('the next is full too', async () => batches.length === 2)
  expect(batches).toEqual([10, 10])
  await consumer.stop()
})

test('before any time is known, a message without one is of the time of those that come with it', async () => {
  const arrived: number[] = []
  let now = 0
  const arrive = (_: string, time: number) => {
    arrived.push(time)
    now = Math.max(now, time)
    return now
  }
  const clock = { ...wallClock, now: () => now, timeOf: () => now, arrive, foresee: arrive }
  const stored: string[] = []
  const { consumer, send, sendUndated } = setUp(async (ids) => void stored.push(...ids), { clock })
  await consumer.start()
  sendUndated('a')
  for (let turn = 0; turn < 10; turn++) await immediate()
  expect(stored).toEqual([])
  send('b')
  await until('both are stored', async () => stored.length === 2)
  await consumer.stop()
  expect(new Set(arrived)).toEqual(new Set([at('2026-01-01T00:00:00')]))
})

test('a queue that its owner has not created yet holds no clock back: it is empty', async () => {
  const reading: boolean[] = []
  const clock = { ...wallClock, reading: (_: string, isReading: boolean) => void reading.push(isReading) }
  const { consumer, awaitQueue, read, lose } = setUp(async () => {}, { clock })
  await consumer.start()
  // So a broker tells it: the queue is waited for, and what there was of it is lost.
  awaitQueue()
  lose()
  expect(reading.at(-1)).toBe(true)
  read()
  lose()
  expect(reading.at(-1)).toBe(false)
  await consumer.stop()
})

test('a queue whose messages tell no time is waited for once, not at each batch', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  onTestFinished(() => void vi.useRealTimers())
  const stored: string[] = []
  const clock = { ...wallClock, isUnknown: () => true }
  const { consumer, sendUndated } = setUp(async (ids) => void stored.push(...ids), { clock })
  const pass = async (ms: number) => {
    await vi.advanceTimersByTimeAsync(ms)
    for (let turn = 0; turn < 20; turn++) await immediate()
  }
  await consumer.start()
  sendUndated('a')
  await pass(100)
  expect(stored).toEqual([])
  await pass(1000)
  expect(stored).toEqual(['a'])
  sendUndated('b')
  await pass(0)
  expect(stored).toEqual(['a', 'b'])
  await consumer.stop()
})

test('a batch is prepared and stored by the same rules, though they change meanwhile', async () => {
  const routed: { readonly ids: string[]; readonly triggers: string[]; readonly keys: string[] }[] = []
  const { promise: held, resolve: release } = Promise.withResolvers<void>()
  const store = {
    encode: () => ({ kind: 'encoded-event' }) as EncodedEvent,
    async warmUp() {},
    async storeBatch(
      { arrivals }: Batch,
      router: { readonly triggers: readonly { readonly name: string }[] },
    ) {
      if (routed.length === 0) await held
      routed.push({
        ids: arrivals.map(({ event }) => event.messageId),
        triggers: router.triggers.map(({ name }) => name),
        keys: arrivals.flatMap(({ keys }) => keys.map(({ name }) => name)),
      })
      return { stored: arrivals.length, duplicates: 0 }
    },
  } as unknown as Store
  const rulesOf = (name: string) => {
    const definitions = compileDefinitions(
      [{ event_type: 'x.*', traits: { host: { fields: 'message_id' } } }],
      () => {},
    )
    return { router: routerOf({ name }), distiller: createDistiller(definitions, { catchAll: false }) }
  }
  const { consumer, acknowledged, archived, send } = setUp(async () => {}, { store, ...rulesOf('old') })
  await consumer.start()
  for (const id of ['a', 'b', 'c', 'd']) send(id)
  // While the first batch is being stored, the second one is prepared.
  await until('both are archived', () => archived.length === 4)
  consumer.useRules(rulesOf('new'))
  for (const id of ['e', 'f']) send(id)
  release()
  await until('all are stored', () => routed.length === 3)
  await consumer.stop()
  expect(routed).toEqual([
    { ids: ['a', 'b'], triggers: ['old'], keys: ['old', 'old'] },
    { ids: ['c', 'd'], triggers: ['old'], keys: ['old', 'old'] },
    { ids: ['e', 'f'], triggers: ['new'], keys: ['new', 'new'] },
  ])
  expect(acknowledged).toEqual(['b', 'd', 'f'])
})
