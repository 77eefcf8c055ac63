import { randomUUID } from 'node:crypto'
import { connect } from 'amqplib'
import { afterEach, beforeEach, describe, expect, inject, onTestFinished, test } from 'vitest'
import type { Broker, Delivery, Publisher } from '../../src/broker/broker.ts'
import type { ExchangeSpec, QueueArguments, QueueSpec } from '../../src/broker/queue-spec.ts'
import { StackTachError, TransientError } from '../../src/domain/errors.ts'
import { amqpBrokerAt, BROKERS } from '../support/brokers.ts'
import { queueOnly } from '../support/queue-only.ts'
import { until } from '../support/until.ts'

/** Reads a queue and acknowledges all that comes. */
function readAll(broker: Broker, spec: QueueSpec) {
  const deliveries: Delivery[] = []
  let isReading = false
  const subscription = broker.subscribe(spec, {
    prefetch: 100,
    onDelivery: (delivery) => {
      deliveries.push(delivery)
      subscription.ackUpTo(delivery)
    },
    onReading: () => {
      isReading = true
    },
    onLost: () => {},
  })
  return {
    subscription,
    isReading: () => isReading,
    bodies: () => deliveries.map(({ body }) => String(body)),
  }
}

describe.each(BROKERS)('queues and exchanges of broker $name', ({ create }) => {
  let broker: Broker
  let publisher: Publisher
  let name: string
  let exchange: ExchangeSpec

  beforeEach(async () => {
    broker = create()
    publisher = await broker.openPublisher()
    name = randomUUID()
    exchange = { exchange: `x-${name}`, type: 'topic', durable: true, autoDelete: false }
  })

  afterEach(async () => {
    await broker.close()
  })

  const bound = (routingKey = '#'): QueueSpec => ({
    ...queueOnly(`q-${name}`),
    bindings: [{ exchange: exchange.exchange, routingKey }],
    exchangeType: exchange.type,
  })
  const publish = (routingKey: string) =>
    publisher.publish({ exchange: exchange.exchange, routingKey }, Buffer.from(routingKey))

  test('an exchange is declared for whoever binds a queue to it', async () => {
    await publisher.declareExchange(exchange)
    await publisher.declareExchange(exchange)
    await expect(publish('early')).rejects.toThrow(TransientError)
    const reader = readAll(broker, { ...bound(), exchangePassive: true })
    await until('it to be read', reader.isReading)
    await publish('late')
    await until('the message', () => reader.bodies().length === 1)
    expect(reader.bodies()).toEqual(['late'])
  })

  test('an exchange of others is looked at and not made', async () => {
    const theirs = { ...exchange, passive: true }
    await expect(publisher.declareExchange(theirs)).rejects.toThrow(
      `exchange ${exchange.exchange} does not exist, and is its owner's to create`,
    )
    await expect(publisher.declareExchange(theirs)).rejects.toThrow(TransientError)
    await publisher.declareExchange(exchange)
    await publisher.declareExchange(theirs)
  })

  test('what exists otherwise is used as it is', async () => {
    await publisher.declareExchange({ ...exchange, type: 'fanout' })
    await publisher.declare(bound('only'))
    await publisher.declare({ ...bound('only'), arguments: { 'x-queue-type': 'quorum' } })
    await publisher.declareExchange(exchange)
    const reader = readAll(broker, { ...bound('only'), arguments: { 'x-max-length': 7 } })
    await publish('any')
    await until('the message', () => reader.bodies().length === 1)
  })

  test.each([
    ['topic', 'web.*', ['web.error']],
    ['direct', 'web.error', ['web.error']],
    ['fanout', 'web.error', ['web.error', 'db.error']],
  ])('an exchange of type %s gives a queue bound with %s what it should', async (type, key, expected) => {
    exchange = { ...exchange, type }
    const reader = readAll(broker, bound(key))
    await publisher.declare(bound(key))
    for (const routingKey of ['web.error', 'db.error']) await publish(routingKey).catch(() => {})
    await until('them', () => reader.bodies().length >= expected.length)
    expect(reader.bodies()).toEqual(expected)
  })

  test.each([
    ['topic', ['#', 'web.#', '*.error']],
    ['fanout', ['a', 'b']],
  ])(
    'a queue that several bindings of an exchange of type %s lead to gets a message once',
    async (type, keys) => {
      exchange = { ...exchange, type }
      const bindings = keys.map((routingKey) => ({ exchange: exchange.exchange, routingKey }))
      const reader = readAll(broker, { ...bound(), bindings })
      await publisher.declare({ ...bound(), bindings })
      await publish('web.error')
      await publisher.publish({ exchange: '', routingKey: bound().queue }, Buffer.from('last'))
      await until('the last', () => reader.bodies().includes('last'))
      expect(reader.bodies()).toEqual(['web.error', 'last'])
    },
  )

  test('a type of exchange that the broker does not have is refused', async () => {
    const none = { ...exchange, type: 'x-no-such-type' }
    await expect(publisher.declareExchange(none)).rejects.toThrow(StackTachError)
  })
})

describe('arguments of queues in RabbitMQ', () => {
  let broker: Broker
  let publisher: Publisher
  let queue: string

  beforeEach(async () => {
    broker = amqpBrokerAt(inject('amqpUrl'))
    publisher = await broker.openPublisher()
    queue = `q-${randomUUID()}`
    onTestFinished(() => broker.close())
  })

  test.each<[string, QueueArguments]>([
    ['classic', { 'x-queue-type': 'classic', 'x-max-length': 100, 'x-message-ttl': 86_400_000 }],
    ['quorum', { 'x-queue-type': 'quorum', 'x-delivery-limit': 3, 'x-dead-letter-exchange': 'dead' }],
    ['stream', { 'x-queue-type': 'stream', 'x-max-length-bytes': 20 * 2 ** 30, 'x-max-age': '7D' }],
    ['one at a time', { 'x-single-active-consumer': true, 'x-max-length-bytes': 2 ** 31, 'x-own': 'text' }],
  ])('a queue is made with those of its kind: %s', async (_, args) => {
    await publisher.declare({ ...queueOnly(queue), arguments: args })
    const model = await connect(inject('amqpUrl'))
    const channel = await model.createChannel()
    // Refused if it were there otherwise.
    await channel.assertQueue(queue, { durable: true, arguments: args })
    await model.close()
  })

  test('of several consumers of a queue one is active, and the next one when it has gone', async () => {
    const spec = {
      ...queueOnly(queue),
      arguments: { 'x-queue-type': 'quorum', 'x-single-active-consumer': true },
    } as const
    const one = readAll(broker, spec)
    await until('the first to read', one.isReading)
    const second = readAll(broker, spec)
    await until('the second to read', second.isReading)
    const route = { exchange: '', routingKey: queue }
    for (const body of ['1', '2', '3']) await publisher.publish(route, Buffer.from(body))
    await until('all for the first', () => one.bodies().length === 3)
    await one.subscription.close()
    await publisher.publish(route, Buffer.from('4'))
    await until('the next for the second', () => second.bodies().length > 0)
    expect([one.bodies(), second.bodies()]).toEqual([['1', '2', '3'], ['4']])
  })
})
