import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, inject, onTestFinished, test } from 'vitest'
import type { Broker, Delivery, Publisher } from '../../src/broker/broker.ts'
import type { PublishOptions } from '../../src/broker/message.ts'
import type { QueueSpec, StreamOffset } from '../../src/broker/queue-spec.ts'
import { amqpBrokerAt, BROKERS } from '../support/brokers.ts'
import { queueOnly } from '../support/queue-only.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'

const STREAM = { 'x-queue-type': 'stream' } as const

type Reading = ReturnType<typeof readerOf>

/** Reads a stream; what comes is kept, and acknowledged at once unless `onTaken` is false, else told how many came. */
function readerOf(
  broker: Broker,
  spec: QueueSpec,
  prefetch = 100,
  onTaken: ((count: number) => void) | false = () => {},
) {
  const deliveries: Delivery[] = []
  let [readings, losses] = [0, 0]
  const subscription = broker.subscribe(spec, {
    prefetch,
    onDelivery: (delivery) => {
      deliveries.push(delivery)
      if (!onTaken) return
      subscription.ackUpTo(delivery)
      onTaken(deliveries.length)
    },
    onReading: () => readings++,
    onLost: () => losses++,
  })
  return {
    subscription,
    deliveries,
    readings: () => readings,
    losses: () => losses,
    bodies: () => deliveries.map(({ body }) => Number(String(body))),
    offsets: () => deliveries.map(({ offset }) => offset),
  }
}

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index)
}

describe.each(BROKERS)('streams of broker $name', ({ create }) => {
  let broker: Broker
  let publisher: Publisher
  let spec: QueueSpec

  beforeEach(async () => {
    broker = create()
    publisher = await broker.openPublisher()
    spec = { ...queueOnly(`q-${randomUUID()}`), arguments: STREAM, streamOffset: 'first' }
    await publisher.declare(spec)
  })

  afterEach(async () => {
    await broker.close()
  })

  /** One after the other: each is then a chunk of its own. */
  async function publish(from: number, to: number, options?: PublishOptions): Promise<void> {
    for (const n of numbers(from, to)) {
      await publisher.publish({ exchange: '', routingKey: spec.queue }, Buffer.from(String(n)), options)
    }
  }

  async function readingFrom(streamOffset: StreamOffset): Promise<Reading> {
    const reading = readerOf(broker, { ...spec, streamOffset })
    await until('it to be read', () => reading.readings() === 1)
    return reading
  }

  test('is read from the first message, with the offsets of all', async () => {
    await publish(0, 5)
    const reading = await readingFrom('first')
    await publish(5, 8)
    await until('all', () => reading.deliveries.length >= 8)
    expect(reading.bodies()).toEqual(numbers(0, 8))
    expect(reading.offsets()).toEqual(numbers(0, 8))
    expect(reading.deliveries.every(({ redelivered }) => !redelivered)).toBe(true)
  })

  test('is read from an offset, from the last message, and from what comes next', async () => {
    await publish(0, 8)
    const [late, last, next] = await Promise.all(([6, 'last', 'next'] as const).map(readingFrom))
    await publish(8, 10)
    await until('all', () => [late, last, next].every((reading) => reading?.offsets().at(-1) === 9))
    expect([late, last, next].map((reading) => reading?.bodies())).toEqual([
      [6, 7, 8, 9],
      [7, 8, 9],
      [8, 9],
    ])
  })

  test('is read from a time', async () => {
    await publish(0, 3)
    const sinceS = Math.floor(Date.now() / 1000) + 1
    await until('the next second', () => Date.now() >= sinceS * 1000)
    await publish(3, 6)
    const reading = await readingFrom({ sinceS })
    await until('what came since', () => reading.deliveries.length >= 3)
    expect(reading.bodies()).toEqual([3, 4, 5])
    const everything = await readingFrom({ sinceS: sinceS - 3600 })
    await until('everything', () => everything.deliveries.length >= 6)
    expect(everything.offsets()).toEqual(numbers(0, 6))
  })

  test('gives each reader everything, whatever others have acknowledged', async () => {
    await publish(0, 4)
    const [one, two] = [await readingFrom('first'), await readingFrom('first')]
    await until('all for both', () => one.deliveries.length + two.deliveries.length === 8)
    const again = await readingFrom('first')
    await until('all again', () => again.deliveries.length === 4)
    for (const reading of [one, two, again]) expect(reading.bodies()).toEqual(numbers(0, 4))
  })

  test('delivers no more than the prefetch, and as many more as are acknowledged', async () => {
    await publish(0, 12)
    const reading = readerOf(broker, spec, 3, false)
    for (const most of [3, 6, 9, 12]) {
      await until(`${most} of them`, () => reading.deliveries.length === most)
      // More would come at once.
      await sleep(20)
      expect(reading.deliveries).toHaveLength(most)
      reading.subscription.ackUpTo(reading.deliveries[most - 1] as Delivery)
    }
    expect(reading.offsets()).toEqual(numbers(0, 12))
  })

  test('loses and repeats nothing when the prefetch changes or reading is paused', async () => {
    await publish(0, 5)
    const reading = readerOf(broker, spec, 2)
    await until('the first', () => reading.deliveries.length === 5)
    await reading.subscription.setPrefetch(7)
    await publish(5, 20)
    await reading.subscription.setPrefetch(3)
    await publish(20, 30)
    await until('all', () => reading.deliveries.length >= 30)
    await reading.subscription.pause()
    await publish(30, 31)
    await reading.subscription.close()
    expect(reading.offsets()).toEqual(numbers(0, 30))
  })

  test.each(['first', 'next'] as const)(
    'what was not acknowledged comes again after a rest: from %s',
    async (streamOffset) => {
      const reading = readerOf(broker, { ...spec, streamOffset }, 100, false)
      await until('it to be read', () => reading.readings() === 1)
      await publish(0, 4)
      await until('all', () => reading.deliveries.length === 4)
      reading.subscription.rest()
      await until('the loss', () => reading.losses() === 1)
      await publish(4, 5)
      reading.subscription.resume()
      await until('all again, with what came since', () => reading.deliveries.length === 9)
      reading.subscription.ackUpTo(reading.deliveries[6] as Delivery)
      reading.subscription.rest()
      await until('the second loss', () => reading.losses() === 2)
      reading.subscription.resume()
      await until('the rest of them', () => reading.deliveries.length === 11)
      expect(reading.offsets()).toEqual([0, 1, 2, 3, 0, 1, 2, 3, 4, 3, 4])
    },
  )

  test('is fed by the exchanges it is bound to, with properties and any bytes', async () => {
    const exchange = `x-${spec.queue}`
    const bound = { ...spec, exchangeType: 'topic', bindings: [{ exchange, routingKey: 'web.#' }] }
    await publisher.declare(bound)
    const bytes = Buffer.from([0, 255, 10, 13, 128])
    const properties = {
      contentType: 'application/x-protobuf',
      headers: { host: 'web1', count: 3 },
      messageId: 'an id',
      timestamp: 1_700_000_000,
      appId: 'an app',
    }
    await publisher.publish({ exchange, routingKey: 'web.error' }, bytes, properties)
    const reading = await readingFrom('first')
    await until('it', () => reading.deliveries.length === 1)
    expect(reading.deliveries[0]).toMatchObject({ exchange, routingKey: 'web.error', offset: 0, properties })
    expect(reading.deliveries[0]?.body.equals(bytes)).toBe(true)
  })

  test('of others is waited for, and read from the offset that is asked for', async () => {
    const theirs = { ...spec, queue: `theirs-${spec.queue}` }
    const reading = readerOf(broker, { ...queueOnly(theirs.queue), passive: true, streamOffset: 1 })
    await publisher.declare(theirs)
    for (const n of numbers(0, 3))
      await publisher.publish({ exchange: '', routingKey: theirs.queue }, Buffer.from(`${n}`))
    await until('what is asked for', () => reading.deliveries.length === 2)
    expect(reading.offsets()).toEqual([1, 2])
  })
})

describe('a stream of RabbitMQ whose connection is cut', () => {
  let proxy: TcpProxy
  let publisher: Publisher
  let cut: Broker
  let spec: QueueSpec

  beforeEach(async () => {
    const url = inject('amqpUrl')
    proxy = await TcpProxy.start(url)
    cut = amqpBrokerAt(proxy.urlOf(url))
    const whole = amqpBrokerAt(url)
    publisher = await whole.openPublisher()
    spec = { ...queueOnly(`q-${randomUUID()}`), arguments: STREAM, streamOffset: 'first' }
    await publisher.declare(spec)
    onTestFinished(async () => {
      await Promise.all([cut.close(), whole.close()])
      await proxy.stop()
    })
  })

  async function publish(from: number, to: number): Promise<void> {
    const route = { exchange: '', routingKey: spec.queue }
    await Promise.all(numbers(from, to).map((n) => publisher.publish(route, Buffer.from(String(n)))))
  }

  test('is read on from the next offset, nothing twice and nothing lost', async () => {
    const cutAfter = [137, 411, 702]
    const reading = readerOf(cut, spec, 10, (count) => {
      if (cutAfter.includes(count)) proxy.cut()
    })
    for (const from of numbers(0, 10)) await publish(from * 100, from * 100 + 100)
    await until('all', () => reading.deliveries.length >= 1000)
    expect(reading.offsets()).toEqual(numbers(0, 1000))
    expect(reading.losses()).toBe(3)
  })

  test.each([
    ['next', undefined],
    ['last', undefined],
    ['next', 2],
  ] as const)(
    'from %s, with %s acknowledged, delivers again what was not acknowledged',
    async (streamOffset, last) => {
      const reading = readerOf(cut, { ...spec, streamOffset }, 100, false)
      await until('it to be read', () => reading.readings() === 1)
      await publish(0, 5)
      await until('all', () => reading.deliveries.length === 5)
      if (last !== undefined) reading.subscription.ackUpTo(reading.deliveries[last] as Delivery)
      proxy.cut()
      await publish(5, 7)
      const rest = numbers(last === undefined ? 0 : last + 1, 7)
      await until('the rest', () => reading.deliveries.length >= 5 + rest.length)
      expect(reading.offsets().slice(5)).toEqual(rest)
    },
  )

  test('a queue that is no stream is read on, whatever offsets its messages claim to have', async () => {
    const queue = `classic-${spec.queue}`
    await publisher.declare(queueOnly(queue))
    const route = { exchange: '', routingKey: queue }
    const reading = readerOf(cut, queueOnly(queue))
    await publisher.publish(route, Buffer.from('0'), { headers: { 'x-stream-offset': 7 } })
    await until('the first', () => reading.deliveries.length === 1)
    proxy.cut()
    await publisher.publish(route, Buffer.from('1'))
    await until('the second', () => reading.deliveries.some(({ body }) => String(body) === '1'))
    expect(reading.offsets()).toEqual(reading.offsets().map(() => undefined))
  })
})
