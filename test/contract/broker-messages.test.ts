import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { deflateSync, gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Broker, Delivery, Publisher } from '../../src/broker/broker.ts'
import type { MessageProperties, Route } from '../../src/broker/message.ts'
import type { QueueSpec } from '../../src/broker/queue-spec.ts'
import { plainBody } from '../../src/consumer/body/plain-body.ts'
import { InvalidError, TransientError } from '../../src/domain/errors.ts'
import { BROKERS } from '../support/brokers.ts'
import { queueOnly } from '../support/queue-only.ts'
import { until } from '../support/until.ts'

const EVERY_PROPERTY: MessageProperties = {
  contentType: 'application/x-protobuf',
  contentEncoding: 'identity',
  headers: {
    text: 'grün',
    count: 7,
    large: 2 ** 40,
    share: 0.25,
    isLast: true,
    nothing: null,
    bytes: Buffer.from([0, 255]),
    list: ['a', 1],
    table: { deep: { deeper: 'x' } },
    at: { '!': 'timestamp', value: 1_700_000_000 },
  },
  deliveryMode: 1,
  priority: 3,
  correlationId: 'correlation',
  replyTo: 'reply',
  expiration: '86400000',
  messageId: 'an id',
  timestamp: 1_700_000_000,
  type: 'a type',
  userId: 'guest',
  appId: 'an app',
}

describe.each(BROKERS)('messages of broker $name', ({ create }) => {
  let broker: Broker
  let publisher: Publisher
  let queue: string
  let itself: Route
  let deliveries: Delivery[]

  beforeEach(async () => {
    broker = create()
    publisher = await broker.openPublisher()
    queue = `q-${randomUUID()}`
    itself = { exchange: '', routingKey: queue }
    deliveries = []
  })

  afterEach(async () => {
    await broker.close()
  })

  async function declareAndRead(spec: QueueSpec = queueOnly(queue)): Promise<void> {
    await publisher.declare(spec)
    const subscription = broker.subscribe(spec, {
      prefetch: 100,
      onDelivery: (delivery) => {
        deliveries.push(delivery)
        subscription.ackUpTo(delivery)
      },
      onLost: () => {},
    })
  }

  /** The only delivery so far. */
  async function delivered(): Promise<Delivery> {
    await until('a delivery', () => deliveries.length > 0)
    expect(deliveries).toHaveLength(1)
    return deliveries[0] as Delivery
  }

  test('a message is persistent JSON with an id of its own, unless it is told otherwise', async () => {
    await declareAndRead()
    await publisher.publish(itself, Buffer.from('{}'))
    await publisher.publish(itself, Buffer.from('{}'), { contentType: undefined, headers: undefined })
    await until('both', () => deliveries.length === 2)
    for (const { properties } of deliveries) {
      expect(properties).toMatchObject({ contentType: 'application/json', deliveryMode: 2 })
      expect(Object.keys(properties.headers ?? {})).toEqual([])
      expect(properties.timestamp).toBeUndefined()
      expect(properties.expiration).toBeUndefined()
    }
    const ids = deliveries.map(({ properties }) => properties.messageId)
    expect(new Set([...ids, undefined]).size).toBe(3)
  })

  test('every property arrives as it was published', async () => {
    await declareAndRead()
    await publisher.publish(itself, Buffer.from('{}'), EVERY_PROPERTY)
    const { properties } = await delivered()
    expect({ ...properties, clusterId: undefined }).toEqual({ ...EVERY_PROPERTY, clusterId: undefined })
  })

  test('a body that kombu or another sender has packed can be unpacked', async () => {
    await declareAndRead()
    const body = Buffer.from('{"a":"grün"}')
    await publisher.publish(itself, deflateSync(body), { headers: { compression: 'application/x-gzip' } })
    await publisher.publish(itself, gzipSync(body), { contentEncoding: 'gzip' })
    await publisher.publish(itself, Buffer.from(String(body), 'latin1'), {
      contentType: 'application/json; charset=latin-1',
    })
    await until('all', () => deliveries.length === 3)
    const plain = deliveries.map((delivery) => plainBody(delivery.body, delivery.properties, 1000))
    expect(plain).toEqual(Array.from({ length: 3 }, () => ({ ok: true, body })))
  })

  test('a message is published again as it came', async () => {
    const other = `other-${queue}`
    await publisher.declare(queueOnly(other))
    await declareAndRead()
    await publisher.publish({ exchange: '', routingKey: other }, Buffer.from('{}'), EVERY_PROPERTY)
    const subscription = broker.subscribe(queueOnly(other), {
      prefetch: 1,
      onDelivery: async (delivery) => {
        await publisher.publish(itself, delivery.body, delivery.properties)
        subscription.ackUpTo(delivery)
      },
      onLost: () => {},
    })
    expect((await delivered()).properties).toMatchObject(EVERY_PROPERTY)
    await until('it to be acknowledged', async () => (await broker.depth(other)) === 0)
  })

  test('a delivery tells the exchange and the key that its message was published to', async () => {
    const exchange = `x-${queue}`
    const spec = { ...queueOnly(queue), exchangeType: 'topic', bindings: [{ exchange, routingKey: 'web.#' }] }
    await declareAndRead(spec)
    await publisher.publish({ exchange, routingKey: 'web.error.500' }, Buffer.from('1'))
    await publisher.publish(itself, Buffer.from('2'))
    await until('both', () => deliveries.length === 2)
    expect(deliveries.map((delivery) => [delivery.exchange, delivery.routingKey])).toEqual([
      [exchange, 'web.error.500'],
      ['', queue],
    ])
    expect(deliveries.map(({ offset }) => offset)).toEqual([undefined, undefined])
  })

  test.each([
    ['none', new Uint8Array()],
    ['a part of a larger array', new Uint8Array([9, 9, 0, 255, 128, 9]).subarray(2, 5)],
    ['more than a frame', Buffer.alloc(300_000, 7)],
  ])('any bytes arrive as they are: %s', async (_, body) => {
    await declareAndRead()
    await publisher.publish(itself, body, { contentType: 'application/octet-stream' })
    const arrived = (await delivered()).body
    expect(Buffer.isBuffer(arrived)).toBe(true)
    expect(arrived.equals(body)).toBe(true)
  })

  test('what no queue takes is refused, whatever its id, and dropped where that is allowed', async () => {
    const exchange = `x-${queue}`
    const bindings = [{ exchange, routingKey: 'known' }]
    await declareAndRead({ ...queueOnly(queue), bindings })
    const nowhere = { exchange, routingKey: 'unknown' }
    await expect(publisher.publish(nowhere, Buffer.from('1'))).rejects.toThrow(TransientError)
    await expect(publisher.publish(nowhere, Buffer.from('1'))).rejects.toThrow(/no queue takes unknown/)
    const twice = { messageId: 'the same' }
    await expect(publisher.publish(nowhere, Buffer.from('1'), twice)).rejects.toThrow(TransientError)
    await publisher.publish({ exchange, routingKey: 'known' }, Buffer.from('2'), twice)
    await publisher.publish(nowhere, Buffer.from('3'), { mandatory: false })
    const missing = { exchange: '', routingKey: `no-${queue}` }
    await expect(publisher.publish(missing, Buffer.from('4'))).rejects.toThrow(TransientError)
    await publisher.publish(missing, Buffer.from('5'), { mandatory: false })
    expect(String((await delivered()).body)).toBe('2')
  })

  test('of messages with the same id that are under way together none is taken for one that a queue has', async () => {
    const exchange = `x-${queue}`
    await declareAndRead({ ...queueOnly(queue), bindings: [{ exchange, routingKey: 'known' }] })
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        publisher
          .publish({ exchange, routingKey: index % 2 ? 'known' : 'unknown' }, Buffer.from(`${index}`), {
            messageId: 'the same',
          })
          .then(
            () => true,
            () => false,
          ),
      ),
    )
    expect(outcomes.filter((_, index) => index % 2 === 0)).toEqual(Array.from({ length: 10 }, () => false))
    await publisher.publish({ exchange, routingKey: 'known' }, Buffer.from('end'), { messageId: 'the same' })
  })

  test('a message that expires is gone when the queue is read', async () => {
    await publisher.declare(queueOnly(queue))
    await publisher.publish(itself, Buffer.from('late'), { expiration: '1' })
    await publisher.publish(itself, Buffer.from('kept'), { timestamp: 1, expiration: '86400000' })
    await sleep(50)
    await declareAndRead()
    await until('the other', () => deliveries.some(({ body }) => String(body) === 'kept'))
    expect(deliveries.map(({ body }) => String(body))).toEqual(['kept'])
  })

  test('no delivery comes before subscribe has returned', async () => {
    await publisher.declare(queueOnly(queue))
    await publisher.publish(itself, Buffer.from('1'))
    let isReturned = false
    const seen: boolean[] = []
    broker.subscribe(queueOnly(queue), {
      prefetch: 1,
      onDelivery: () => seen.push(isReturned),
      onReading: () => seen.push(isReturned),
      onLost: () => {},
    })
    isReturned = true
    await until('it', () => seen.length === 2)
    expect(seen).toEqual([true, true])
  })

  test('what is published while a message is being delivered is refused or taken as any other', async () => {
    const exchange = `x-${queue}`
    await publisher.declare({ ...queueOnly(queue), bindings: [{ exchange, routingKey: 'known' }] })
    const outcomes: string[] = []
    const note = (key: string) =>
      publisher.publish({ exchange, routingKey: key }, Buffer.from('inner')).then(
        () => outcomes.push(`${key} taken`),
        () => outcomes.push(`${key} refused`),
      )
    const subscription = broker.subscribe(queueOnly(queue), {
      prefetch: 10,
      onDelivery: (delivery) => {
        subscription.ackUpTo(delivery)
        if (String(delivery.body) === 'outer') void Promise.all([note('unknown'), note('known')])
      },
      onLost: () => {},
    })
    await publisher.publish({ exchange, routingKey: 'known' }, Buffer.from('outer'))
    await until('both', () => outcomes.length === 2)
    expect(outcomes.sort()).toEqual(['known taken', 'unknown refused'])
  })
})

test.each([
  ['a routing key above 255 bytes', { routingKey: 'k'.repeat(256) }, {}],
  ['an id above 255 bytes', {}, { messageId: 'i'.repeat(256) }],
  ['headers larger than a frame', {}, { headers: { x: 'y'.repeat(200_000) } }],
  ['a value that no table holds', {}, { headers: { x: Symbol('x') as never } }],
])('RabbitMQ is not sent %s, and the next message goes out', async (_, route, options) => {
  const broker = (BROKERS[1] as (typeof BROKERS)[number]).create()
  const publisher = await broker.openPublisher()
  const queue = `q-${randomUUID()}`
  await publisher.declare(queueOnly(queue))
  const itself = { exchange: '', routingKey: queue }
  const impossible = publisher.publish({ ...itself, ...route }, Buffer.from('1'), options)
  await expect(impossible).rejects.toThrow(InvalidError)
  await publisher.publish(itself, Buffer.from('2'))
  await expect(publisher.publish({ exchange: '', routingKey: 'no' }, Buffer.from('3'))).rejects.toThrow(
    TransientError,
  )
  expect(await broker.depth(queue)).toBe(1)
  await broker.close()
})
