import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Channel, type ChannelModel, connect } from 'amqplib'
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { Rabbitmq } from '../../sandbox/servers/rabbitmq.ts'
import { createAmqpBroker } from '../../src/broker/amqp/amqp-broker.ts'
import type { Broker, Delivery, Subscription } from '../../src/broker/broker.ts'
import type { QueueArguments, QueueSpec } from '../../src/broker/queue-spec.ts'
import { type Logger, silentLogger } from '../../src/runtime/logger.ts'
import { queueOnly } from '../support/queue-only.ts'
import { until } from '../support/until.ts'

let folder: string
let rabbitmq: Rabbitmq
/** of the owner of what is there */
let model: ChannelModel
let owner: Channel
let name: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'stacktach-topology-'))
  rabbitmq = await Rabbitmq.start(folder)
  await rabbitmq.control('add_user', 'nobody', 'secret')
  for (const [user, configure, write, read] of [
    ['reader', '^$', '^$', '.*'],
    ['own', '^own-', '^own-', '^(own-|x-)'],
  ] as const) {
    await rabbitmq.control('add_user', user, 'secret')
    await rabbitmq.control('set_permissions', user, configure, write, read)
  }
})

afterAll(async () => {
  await rabbitmq.stop()
  rmSync(folder, { recursive: true, force: true })
})

beforeEach(async () => {
  name = randomUUID()
  model = await connect(rabbitmq.url)
  owner = await model.createChannel()
  for (const one of [model, owner]) one.on('error', () => {})
})

afterEach(async () => {
  await model.close().catch(() => {})
})

type Reader = {
  readonly broker: Broker
  readonly subscription: Subscription
  readonly said: string[]
  readonly deliveries: Delivery[]
  readonly bodies: () => string[]
}

/** Reads queues as an account; all is closed when the test is over. */
function read(specs: QueueSpec | readonly QueueSpec[], account = 'guest:guest', vhost = ''): Reader {
  const said: string[] = []
  const keep = (_: object, message: string) => void said.push(message)
  const logger: Logger = { ...silentLogger, info: keep, warn: keep }
  const url = `${rabbitmq.url.replace('guest:guest', account)}/${vhost || '%2F'}`
  const broker = createAmqpBroker({ url, logger, reconnectMs: 20, maxReconnectMs: 100, boundAgainMs: 50 })
  onTestFinished(() => broker.close())
  const deliveries: Delivery[] = []
  const subscriptions = [specs].flat().map((spec) =>
    broker.subscribe(spec as QueueSpec, {
      prefetch: 10,
      onDelivery: (delivery) => deliveries.push(delivery),
      onLost: () => {},
    }),
  )
  const bodies = () => deliveries.map(({ body }) => String(body))
  return { broker, subscription: subscriptions[0] as Subscription, said, deliveries, bodies }
}

function lines(reader: Reader, pattern: RegExp): string[] {
  return reader.said.filter((line) => pattern.test(line))
}

function bound(queue: string, ...exchanges: string[]): QueueSpec {
  const bindings = exchanges.map((exchange) => ({ exchange, routingKey: 'k' }))
  return { ...queueOnly(queue), exchangeType: 'topic', bindings }
}

test('an account that may only read reads what is there', async () => {
  const [queue, exchange] = [`q-${name}`, `x-${name}`]
  await owner.assertExchange(exchange, 'topic')
  await owner.assertQueue(queue)
  await owner.bindQueue(queue, exchange, 'k')
  owner.publish(exchange, 'k', Buffer.from('1'))
  const reader = read(bound(queue, exchange), 'reader:secret')
  await until('the message', () => reader.deliveries.length === 1)
  expect(lines(reader, /may not/)).toEqual([
    expect.stringMatching(
      `^queue ${queue} is used as it is: this account may not configure it \\(ACCESS_REFUSED`,
    ),
    expect.stringMatching(`^exchange ${exchange} is used as it is: this account may not configure it`),
    expect.stringMatching(
      `^this account may not bind queue ${queue} to exchange ${exchange} \\(ACCESS_REFUSED.*; what its owner lets`,
    ),
  ])
  reader.subscription.ackUpTo(reader.deliveries[0] as Delivery)
  await until('it to be gone', async () => (await owner.checkQueue(queue)).messageCount === 0)
})

test('an account that may only read needs no more for a queue of others', async () => {
  const queue = `q-${name}`
  const reader = read({ ...queueOnly(queue), passive: true }, 'reader:secret')
  await until('it to wait', () => lines(reader, /waiting for its owner/).length > 0)
  await owner.assertQueue(queue, { durable: false })
  owner.sendToQueue(queue, Buffer.from('1'))
  await until('the message', () => reader.deliveries.length === 1)
  expect(reader.said).toEqual([
    `queue ${queue} does not exist yet: waiting for its owner to create it (passive = True in [consumer:${queue}])`,
    `reading queue ${queue}`,
  ])
})

test('an own queue that may not be created is told in one sentence with the remedy', async () => {
  const queue = `q-${name}`
  const reader = read({ ...bound(queue, `x-${name}`), exchangePassive: true }, 'reader:secret')
  await until('the refusal', () => reader.said.length > 0)
  await owner.assertQueue(queue)
  await until('it to be read', () => lines(reader, /is read again/).length > 0)
  expect(reader.said[0]).toMatch(
    `cannot read queue ${queue}: queue ${queue} does not exist and this account may not create it (ACCESS_REFUSED`,
  )
  expect(reader.said[0]).toContain('rabbitmqctl set_permissions')
  expect(lines(reader, /cannot read/)).toHaveLength(1)
})

test('rights on the own queue, and to read the exchanges, are enough for a queue on the exchanges of others', async () => {
  const [queue, exchange] = [`own-${name}`, `x-${name}`]
  await owner.assertExchange(exchange, 'topic', { durable: false })
  const reader = read({ ...bound(queue, exchange), exchangePassive: true }, 'own:secret')
  await until('it to read', () => lines(reader, /reading queue/).length > 0)
  owner.publish(exchange, 'k', Buffer.from('1'))
  await until('the message', () => reader.deliveries.length === 1)
  expect(reader.said).toEqual([`reading queue ${queue}`])
})

test('what exists otherwise is told with the argument that differs, once however many queues', async () => {
  const exchange = `x-${name}`
  await owner.assertExchange(exchange, 'topic', { durable: false })
  await owner.assertQueue(`q1-${name}`, { arguments: { 'x-queue-type': 'quorum' } })
  const reader = read([bound(`q1-${name}`, exchange), bound(`q2-${name}`, exchange)])
  await until('both to be read', () => lines(reader, /reading queue/).length === 2)
  expect(lines(reader, /other arguments/).sort()).toEqual([
    `exchange ${exchange} exists with other arguments than configured (durable is false there, true in the configuration); it is used as it is`,
    `queue q1-${name} exists with other arguments than configured (x-queue-type is quorum there, none in the configuration); it is used as it is`,
  ])
})

test.each<[string, QueueArguments, QueueArguments, string]>([
  [
    'type',
    { 'x-queue-type': 'quorum' },
    { 'x-queue-type': 'classic' },
    'x-queue-type is quorum there, classic in the configuration',
  ],
  [
    'type of a stream',
    { 'x-queue-type': 'quorum' },
    { 'x-queue-type': 'stream' },
    'x-queue-type is quorum there, stream in the configuration',
  ],
  [
    'number',
    { 'x-queue-type': 'stream', 'x-max-length-bytes': 1000 },
    { 'x-queue-type': 'stream', 'x-max-length-bytes': 2000 },
    'x-max-length-bytes is 1000 there, 2000 in the configuration',
  ],
  [
    'text',
    { 'x-queue-type': 'stream' },
    { 'x-queue-type': 'stream', 'x-max-age': '7D' },
    'x-max-age is none there, 7D in the configuration',
  ],
])('an argument of a queue that differs is told with both values: %s', async (_, there, asked, told) => {
  const queue = `q-${name}`
  await owner.assertQueue(queue, { arguments: there })
  const reader = read({ ...queueOnly(queue), arguments: asked })
  await until('it to be told', () => lines(reader, /other arguments/).length > 0)
  expect(lines(reader, /other arguments/)).toEqual([
    `queue ${queue} exists with other arguments than configured (${told}); it is used as it is`,
  ])
})

test('an argument that no queue can have is not taken for a queue that exists otherwise', async () => {
  const wrong: object = { 'x-max-length': 'many' }
  const reader = read({ ...queueOnly(`q-${name}`), arguments: wrong as QueueArguments })
  await until('the refusal', () => reader.said.length > 0)
  expect(reader.said[0]).toMatch(/cannot read queue .*invalid arg 'x-max-length'/)
})

test.each([
  ['guest:guest', 'nosuch', 'vhost nosuch not found'],
  ['nobody:secret', '%2F', "access to vhost '/' refused for user 'nobody'"],
])('a virtual host that %s may not use is told in the broker’s words: %s', async (account, vhost, words) => {
  const reader = read(queueOnly(`q-${name}`), account, vhost)
  await until('the refusal', () => reader.said.length > 0)
  expect(reader.said[0]).toMatch(/the broker at 127\.0\.0\.1:\d+ refuses the connection: NOT_ALLOWED - /)
  expect(reader.said[0]).toContain(words)
})

test('a queue of others that is deleted is waited for and not made', async () => {
  const queue = `q-${name}`
  await owner.assertQueue(queue, { durable: false })
  const reader = read({ ...queueOnly(queue), passive: true })
  await until('it to read', () => lines(reader, /reading queue/).length > 0)
  await owner.deleteQueue(queue)
  await until('it to wait', () => lines(reader, /waiting for its owner/).length > 0)
  expect(reader.said).toContain(`queue ${queue} was deleted; trying again until it works`)
  // Its owner makes it as it was: 406 if it were there otherwise.
  await owner.assertQueue(queue, { durable: false })
  owner.sendToQueue(queue, Buffer.from('1'))
  await until('the message', () => reader.deliveries.length === 1)
  expect(lines(reader, /is read again/)).toHaveLength(1)
})

test('an exchange that several queues wait for is told once, and once when it is there', async () => {
  const exchange = `x-${name}`
  const specs = [`q1-${name}`, `q2-${name}`].map((queue) => ({
    ...bound(queue, exchange),
    exchangePassive: true,
  }))
  const reader = read(specs)
  await until('both to be read', () => lines(reader, /reading queue/).length === 2)
  await owner.assertExchange(exchange, 'topic', { durable: false })
  await until('messages for both', async () => {
    owner.publish(exchange, 'k', Buffer.from('1'))
    return new Set(reader.deliveries.map(({ queue }) => queue)).size === 2
  })
  expect(lines(reader, /exchange/)).toEqual([
    expect.stringMatching(`^exchange ${exchange} does not exist yet: waiting for its owner`),
    `exchange ${exchange} is there: what comes to it is read`,
  ])
})

test('an exchange that goes and comes again is bound again', async () => {
  const [queue, exchange] = [`q-${name}`, `x-${name}`]
  await owner.assertExchange(exchange, 'topic')
  const reader = read({ ...bound(queue, exchange), exchangePassive: true })
  await until('it to read', () => lines(reader, /reading queue/).length > 0)
  await owner.deleteExchange(exchange)
  await until('it to miss it', () => lines(reader, /exchange .* does not exist yet/).length > 0)
  await owner.assertExchange(exchange, 'topic', { durable: false })
  await until('a message', async () => {
    owner.publish(exchange, 'k', Buffer.from('1'))
    return reader.deliveries.length > 0
  })
  expect(lines(reader, /is there: what comes to it is read/)).toHaveLength(1)
})

test('why the broker closed it is told in its own words', async () => {
  const queue = `q-${name}`
  const reader = read(queueOnly(queue))
  await until('it to read', () => lines(reader, /reading queue/).length > 0)
  await rabbitmq.control('close_all_connections', 'maintenance at noon')
  await until('it to read again', () => lines(reader, /is read again/).length > 0)
  expect(lines(reader, /was closed: .*maintenance at noon/)).toHaveLength(1)
})

test('a stream is read from its beginning, once, however the reading is interrupted', async () => {
  const queue = `q-${name}`
  const spec: QueueSpec = {
    ...queueOnly(queue),
    arguments: { 'x-queue-type': 'stream' },
    streamOffset: 'first',
  }
  await owner.assertQueue(queue, { arguments: { 'x-queue-type': 'stream' } })
  const send = (from: number, to: number) => {
    for (let n = from; n < to; n++) owner.sendToQueue(queue, Buffer.from(String(n)))
  }
  send(0, 5)
  const reader = read(spec)
  await until('the first', () => reader.deliveries.length === 5)
  reader.subscription.ackUpTo(reader.deliveries[4] as Delivery)
  await reader.subscription.setPrefetch(3)
  send(5, 8)
  await until('what came then', () => reader.deliveries.length === 8)
  reader.subscription.ackUpTo(reader.deliveries[6] as Delivery)
  await rabbitmq.control('close_all_connections', 'maintenance')
  await until('what was not acknowledged', () => reader.deliveries.length === 9)
  expect(reader.bodies()).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '7'])
  const late = read({ ...spec, streamOffset: 6 })
  await until('the rest from an offset', () => late.deliveries.length === 2)
  expect(late.bodies()).toEqual(['6', '7'])
})
