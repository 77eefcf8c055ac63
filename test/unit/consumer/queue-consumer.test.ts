import { setImmediate as immediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Broker, Delivery, SubscribeOptions } from '../../../src/broker/broker.ts'
import { createConsumerCounters } from '../../../src/consumer/counters.ts'
import { QueueConsumer } from '../../../src/consumer/queue-consumer.ts'
import { compileDefinitions } from '../../../src/distiller/definition.ts'
import { createDistiller } from '../../../src/distiller/distiller.ts'
import { TransientError } from '../../../src/domain/errors.ts'
import type { EncodedEvent } from '../../../src/domain/routing.ts'
import { wallClock } from '../../../src/runtime/event-clock.ts'
import { silentLogger } from '../../../src/runtime/logger.ts'
import type { Batch, Store } from '../../../src/store/store.ts'
import { routerOf } from '../../support/events.ts'
import { until } from '../../support/until.ts'

/** A consumer of two messages a batch, its broker and its store in the hands of the test. */
function setUp(storeBatch: (ids: string[]) => Promise<void>) {
  const acknowledged: string[] = []
  let deliver: SubscribeOptions['onDelivery'] = () => {}
  const broker = {
    subscribe: (_: unknown, options: SubscribeOptions) => {
      deliver = options.onDelivery
      return {
        ackUpTo: ({ body }: Delivery) => acknowledged.push(String(JSON.parse(String(body)).message_id)),
        async setPrefetch() {},
        async pause() {},
        async close() {},
      }
    },
  } as unknown as Broker
  const store = {
    encode: () => ({ kind: 'encoded-event' }) as EncodedEvent,
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
    archive: undefined,
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
  })
  const send = (message_id: string, event_type = 'x.y') => {
    const body = Buffer.from(JSON.stringify({ message_id, event_type, timestamp: '2026-01-01T00:00:00' }))
    deliver({ queue: 'q', body, redelivered: false })
  }
  return { consumer, acknowledged, send }
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

test.each([
  ['events', 'x.y'],
  ['notifications that no definition matches', 'other'],
])('when it stops before a batch is stored, a later one of %s is not acknowledged', async (_, eventType) => {
  let isBack = false
  let tries = 0
  const stored: string[] = []
  const { consumer, acknowledged, send } = setUp(async (ids) => {
    tries++
    if (!isBack) throw new TransientError('away')
    stored.push(...ids)
  })
  await consumer.start()
  for (const id of ['a', 'b']) send(id)
  await until('the first batch is tried', async () => tries > 0)
  for (const id of ['c', 'd']) send(id, eventType)
  // The second batch is prepared while the first waits for the database.
  for (let turn = 0; turn < 50; turn++) await immediate()
  isBack = true
  await consumer.stop()
  expect([stored, acknowledged]).toEqual([[], []])
})

test('while one batch is stored the next is prepared, and no more than that', async () => {
  let release: () => void = () => {}
  const storing = new Promise<void>((resolve) => {
    release = resolve
  })
  const begun: string[][] = []
  const { consumer, send } = setUp(async (ids) => {
    begun.push(ids)
    await storing
  })
  await consumer.start()
  for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) send(id)
  await until('the first batch is being stored', async () => begun.length === 1)
  for (let turn = 0; turn < 50; turn++) await immediate()
  expect(begun).toEqual([['a', 'b']])
  release()
  await until('all are stored', async () => begun.length === 3)
  await consumer.stop()
})
