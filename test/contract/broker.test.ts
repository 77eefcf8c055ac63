import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest'
import { createAmqpBroker } from '../../src/broker/amqp/amqp-broker.ts'
import type { Broker, Delivery, Subscription } from '../../src/broker/broker.ts'
import { type Binding, exchangesOf, type QueueSpec } from '../../src/broker/queue-spec.ts'
import { silentLogger } from '../../src/runtime/logger.ts'
import { BROKERS } from '../support/brokers.ts'
import { queueOnly } from '../support/queue-only.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'

describe.each(BROKERS)('broker $name', ({ create }) => {
  let broker: Broker
  let spec: QueueSpec

  beforeEach(() => {
    const name = randomUUID()
    broker = create()
    spec = {
      queue: `q-${name}`,
      bindings: [{ exchange: `x-${name}`, routingKey: 'monitor.#' }],
      exchangeType: 'topic',
      durable: true,
      autoDelete: false,
      exchangeDurable: true,
      exchangeAutoDelete: false,
    }
  })

  afterEach(async () => {
    await broker.close()
  })

  async function publish(...bodies: string[]): Promise<void> {
    const publisher = await broker.openPublisher()
    await publisher.declare(spec)
    for (const body of bodies)
      await publisher.publish(
        { exchange: exchangesOf(spec)[0] as string, routingKey: 'monitor.info' },
        Buffer.from(body),
      )
    await publisher.close()
  }

  function read(prefetch = 100) {
    const deliveries: Delivery[] = []
    let losses = 0
    const subscription = broker.subscribe(spec, {
      prefetch,
      onDelivery: (delivery) => deliveries.push(delivery),
      onLost: () => losses++,
    })
    return {
      deliveries,
      subscription,
      losses: () => losses,
      bodies: () => deliveries.map(({ body }) => body.toString()),
    }
  }

  test('another prefetch loses and repeats nothing, and a pause meanwhile holds', async () => {
    const { deliveries, subscription } = read(2)
    await publish(...Array.from({ length: 20 }, (_, index) => String(index)))
    await until('the first', () => deliveries.length > 0)
    await subscription.setPrefetch(7)
    await until('as many as the new prefetch', () => deliveries.length >= 7)
    let acknowledged = 0
    await until('all', () => {
      const { length } = deliveries
      if (length > acknowledged) subscription.ackUpTo(deliveries[length - 1] as Delivery)
      acknowledged = length
      return length >= 20
    })
    expect(deliveries.map(({ body }) => String(body)).sort()).toEqual(
      Array.from({ length: 20 }, (_, index) => String(index)).sort(),
    )
    const changing = subscription.setPrefetch(3)
    await subscription.pause()
    await changing
    await publish('late')
    await until('it to wait', async () => (await broker.depth(spec.queue)) === 1 || deliveries.length > 20)
    expect(deliveries.map(({ body }) => String(body)).slice(19)).toEqual(['19'])
    await subscription.close()
  })

  test('delivers what was published, in order', async () => {
    await publish('1', '2', '3')
    const reader = read()
    await until('three deliveries', () => reader.deliveries.length === 3)
    expect(reader.bodies()).toEqual(['1', '2', '3'])
    expect(reader.deliveries.every(({ redelivered }) => !redelivered)).toBe(true)
  })

  test('delivers no more than the prefetch until it is acknowledged', async () => {
    await publish('1', '2', '3', '4', '5')
    const reader = read(2)
    await until('two deliveries', () => reader.deliveries.length === 2)
    reader.subscription.ackUpTo(reader.deliveries[1] as Delivery)
    await until('two more', () => reader.deliveries.length === 4)
    expect(await broker.depth(spec.queue)).toBeLessThanOrEqual(3)
  })

  test('goes on after each of many acknowledgements', async () => {
    await publish('1', '2', '3', '4', '5', '6')
    const reader = read(2)
    for (const last of [1, 3, 5]) {
      await until('two more deliveries', () => reader.deliveries.length > last)
      reader.subscription.ackUpTo(reader.deliveries[last] as Delivery)
    }
    await until('an empty queue', async () => (await broker.depth(spec.queue)) === 0)
    expect(reader.bodies()).toEqual(['1', '2', '3', '4', '5', '6'])
  })

  test('what was not acknowledged comes again', async () => {
    await publish('1', '2', '3')
    const first = read()
    await until('three deliveries', () => first.deliveries.length === 3)
    first.subscription.ackUpTo(first.deliveries[0] as Delivery)
    await first.subscription.close()
    const second = read()
    await until('two deliveries', () => second.deliveries.length === 2)
    expect(second.bodies()).toEqual(['2', '3'])
    expect(second.deliveries.every(({ redelivered }) => redelivered)).toBe(true)
  })

  test('a subscription that rests has given all back and takes nothing, until it goes on', async () => {
    await publish('1', '2', '3')
    const reader = read()
    await until('three deliveries', () => reader.deliveries.length === 3)
    reader.subscription.ackUpTo(reader.deliveries[0] as Delivery)
    reader.subscription.rest()
    reader.subscription.rest()
    await until('two to be given back', async () => (await broker.depth(spec.queue)) === 2)
    await until('the loss to be told of', () => reader.losses() === 1)
    reader.subscription.ackUpTo(reader.deliveries[2] as Delivery)
    await publish('4')
    await until('all of them to wait', async () => (await broker.depth(spec.queue)) === 3)
    reader.subscription.resume()
    await until('three more', () => reader.deliveries.length === 6)
    expect(reader.bodies().slice(3)).toEqual(['2', '3', '4'])
    reader.subscription.ackUpTo(reader.deliveries[5] as Delivery)
    await until('an empty queue', async () => (await broker.depth(spec.queue)) === 0)
    reader.subscription.rest()
    await reader.subscription.close()
  })

  test('a paused subscription still acknowledges what it has', async () => {
    await publish('1', '2')
    const reader = read()
    await until('two deliveries', () => reader.deliveries.length === 2)
    await reader.subscription.pause()
    await publish('3')
    reader.subscription.ackUpTo(reader.deliveries[1] as Delivery)
    await reader.subscription.close()
    await until('one message left', async () => (await broker.depth(spec.queue)) === 1)
    expect(reader.deliveries).toHaveLength(2)
  })

  test('a queue gets what comes to each of its exchanges with each of its keys, once', async () => {
    const [one, two] = [`one-${spec.queue}`, `two-${spec.queue}`]
    const bindings = [one, two].flatMap((exchange) =>
      ['notifications.info', 'notifications.error'].map((routingKey) => ({ exchange, routingKey })),
    )
    spec = { ...spec, bindings }
    const reader = read()
    const publisher = await broker.openPublisher()
    await publisher.declare(spec)
    for (const { exchange, routingKey } of bindings)
      await publisher.publish({ exchange, routingKey }, Buffer.from(`${exchange} ${routingKey}`))
    await publisher.publish({ exchange: '', routingKey: spec.queue }, Buffer.from('itself'))
    await until('all of them', () => reader.deliveries.length >= 5)
    expect(reader.bodies()).toEqual([
      ...bindings.map(({ exchange, routingKey }) => `${exchange} ${routingKey}`),
      'itself',
    ])
  })

  test('a queue of others is waited for and read when it is there', async () => {
    let [awaited, reading] = [0, 0]
    const deliveries: Delivery[] = []
    const passive: QueueSpec = { ...spec, passive: true }
    const publisher = await broker.openPublisher()
    await expect(publisher.declare(passive)).rejects.toThrow(/does not exist/)
    const subscription = broker.subscribe(passive, {
      prefetch: 10,
      onDelivery: (delivery) => deliveries.push(delivery),
      onReading: () => reading++,
      onAwaiting: () => awaited++,
      onLost: () => {},
    })
    await until('it to wait', () => awaited > 0)
    expect(reading).toBe(0)
    await publish('1')
    await until('its message', () => deliveries.length === 1)
    expect(reading).toBe(1)
    await publisher.declare(passive)
    await subscription.close()
  })

  test('of the exchanges of others, those that exist are bound at once and the rest when they come', async () => {
    const [early, late] = ['early', 'late'].map((name) => ({
      exchange: `${name}-${spec.queue}`,
      routingKey: 'monitor.#',
    })) as [Binding, Binding]
    const owner = await broker.openPublisher()
    const theirs = spec
    const create = (binding: Binding) =>
      owner.declare({ ...theirs, queue: `of-${binding.exchange}`, bindings: [binding] })
    await create(early)
    spec = { ...spec, bindings: [late, early], exchangePassive: true }
    let isReading = false
    const deliveries: string[] = []
    const subscription = broker.subscribe(spec, {
      prefetch: 10,
      onDelivery: ({ body }) => deliveries.push(String(body)),
      onReading: () => {
        isReading = true
      },
      onLost: () => {},
    })
    await until('it to read', () => isReading)
    await owner.publish({ exchange: early.exchange, routingKey: 'monitor.info' }, Buffer.from('early'))
    await until('the first', () => deliveries.length === 1)
    await create(late)
    // Until it is bound, what comes goes to the other queue only.
    await until('the second', async () => {
      await owner.publish({ exchange: late.exchange, routingKey: 'monitor.info' }, Buffer.from('late'))
      return deliveries.includes('late')
    })
    expect(deliveries[0]).toBe('early')
    await subscription.close()
    await owner.close()
  })

  test('closing twice, or before it is connected, is safe', async () => {
    const { subscription } = read()
    await Promise.all([subscription.close(), subscription.close()])
  })
})

test('a pause that finds the connection lost tells of the loss before it resolves', async () => {
  const proxy = await TcpProxy.start(inject('amqpUrl'))
  const options = { logger: silentLogger, reconnectMs: 60_000, maxReconnectMs: 60_000 }
  const broker = createAmqpBroker({ ...options, url: proxy.urlOf(inject('amqpUrl')) })
  let losses = 0
  let isReading = false
  const subscription = broker.subscribe(queueOnly(`q-${randomUUID()}`), {
    prefetch: 10,
    onDelivery: () => {},
    onReading: () => {
      isReading = true
    },
    onLost: () => losses++,
  })
  await until('reading', () => isReading)
  proxy.cut()
  await subscription.pause()
  expect(losses).toBe(1)
  await subscription.close()
  await broker.close()
  await proxy.stop()
})

test('a subscription that was paused reads no more when its connection is made anew', async () => {
  const proxy = await TcpProxy.start(inject('amqpUrl'))
  const options = { logger: silentLogger, reconnectMs: 20, maxReconnectMs: 50 }
  const [cut, whole] = [proxy.urlOf(inject('amqpUrl')), inject('amqpUrl')].map(
    (url): Broker => createAmqpBroker({ ...options, url }),
  ) as [Broker, Broker]
  const queue = `q-${randomUUID()}`
  const spec = queueOnly(queue)
  const deliveries: Delivery[] = []
  let losses = 0
  const subscription = cut.subscribe(spec, {
    prefetch: 10,
    onDelivery: (delivery) => deliveries.push(delivery),
    onLost: () => losses++,
  })
  const publisher = await whole.openPublisher()
  await publisher.declare(spec)
  await publisher.publish({ exchange: '', routingKey: queue }, Buffer.from('1'))
  await until('a delivery', () => deliveries.length === 1)
  await subscription.pause()
  proxy.cut()
  await until('the loss', () => losses > 0)
  await publisher.publish({ exchange: '', routingKey: queue }, Buffer.from('2'))
  // Both wait: the one that was not acknowledged, and the one that came later.
  await until('both in the queue', async () => (await whole.depth(queue)) === 2)
  expect(deliveries).toHaveLength(1)
  await subscription.close()
  await Promise.all([cut.close(), whole.close()])
  await proxy.stop()
})

describe('a connection that breaks at a bad moment', () => {
  let proxy: TcpProxy
  let broker: Broker
  const spec = queueOnly(`q-${randomUUID()}`)

  beforeEach(async () => {
    proxy = await TcpProxy.start(inject('amqpUrl'))
    const url = proxy.urlOf(inject('amqpUrl'))
    broker = createAmqpBroker({ url, logger: silentLogger, reconnectMs: 20, maxReconnectMs: 200 })
  })

  afterEach(async () => {
    await broker.close()
    await proxy.stop()
  })

  test('while a publisher is closed', async () => {
    const publisher = await broker.openPublisher()
    proxy.hold()
    const closing = publisher.close()
    proxy.cut()
    await closing
  })

  test('while a subscription is closed', async () => {
    const publisher = await broker.openPublisher()
    await publisher.declare(spec)
    await publisher.publish({ exchange: '', routingKey: spec.queue }, Buffer.from('{}'))
    let subscription: Subscription | undefined
    await new Promise<void>((onDelivery) => {
      subscription = broker.subscribe(spec, { prefetch: 1, onDelivery: () => onDelivery(), onLost: () => {} })
    })
    proxy.hold()
    const closing = subscription?.close()
    proxy.cut()
    await closing
  })

  test('while the broker is closed', async () => {
    await broker.openPublisher()
    proxy.hold()
    const closing = broker.close()
    proxy.cut()
    await closing
  })

  test.each([
    ['connection.open-ok', 10, 41],
    ['channel.open-ok', 20, 11],
    ['confirm.select-ok', 85, 11],
    ['channel.close-ok', 20, 41],
  ])('before the answer %s', async (_, classId, methodId) => {
    const reached = proxy.cutBeforeAnswer(Buffer.from([0, classId, 0, methodId]))
    const publish = async () => {
      const publisher = await broker.openPublisher()
      await publisher.declare(spec)
      await publisher.publish({ exchange: '', routingKey: spec.queue }, Buffer.from('{}'))
      await publisher.close()
    }
    await publish().catch(() => {})
    await reached
    await until('a message is published', () =>
      publish().then(
        () => true,
        () => false,
      ),
    )
  })
})

test('a refused login is told as such, without the password', async () => {
  const url = new URL(inject('amqpUrl'))
  url.password = 'wr0ng'
  const broker = createAmqpBroker({
    url: url.href,
    logger: silentLogger,
    reconnectMs: 20,
    maxReconnectMs: 200,
  })
  const error = await broker.openPublisher().then(
    () => undefined,
    (reason: Error) => reason,
  )
  await broker.close()
  expect(error?.message).toMatch(
    /the broker at 127\.0\.0\.1:\d+ refuses the account guest: ACCESS_REFUSED - Login was refused/,
  )
  expect(error?.message).not.toContain('wr0ng')
})
