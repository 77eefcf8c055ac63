import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'amqplib'
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest'
import { Rabbitmq } from '../../sandbox/servers/rabbitmq.ts'
import { createAmqpBroker } from '../../src/broker/amqp/amqp-broker.ts'
import { silentLogger } from '../../src/runtime/logger.ts'
import { queueOnly } from '../support/queue-only.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'

// Two brokers that know nothing of each other, as the members of a cluster of which one is cut off.
let folder: string
let second: Rabbitmq

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'stacktach-broker-'))
  second = await Rabbitmq.start(folder)
})

afterAll(async () => {
  await second?.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function proxyTo(url: string): Promise<TcpProxy> {
  const proxy = await TcpProxy.start(url)
  onTestFinished(() => proxy.stop())
  return proxy
}

/** `user:password@host:port` of a URL. */
function serverOf(url: string): string {
  const { username, password, host } = new URL(url)
  return `${username}:${password}@${host}`
}

async function publish(url: string, queue: string, text: string): Promise<void> {
  const model = await connect(url)
  const channel = await model.createConfirmChannel()
  await channel.assertQueue(queue, { durable: true })
  channel.sendToQueue(queue, Buffer.from(text))
  await channel.waitForConfirms()
  await model.close()
}

test('of several brokers in one URL the next is used when one is away, refuses or is lost', async () => {
  const spec = queueOnly(`q-${randomUUID()}`)
  const urls = [inject('amqpUrl'), second.url] as const
  for (const [n, url] of urls.entries()) await publish(url, spec.queue, `of ${n}`)
  const [first, other] = [await proxyTo(urls[0]), await proxyTo(urls[1])]
  const [one, two] = [serverOf(first.urlOf(urls[0])), serverOf(other.urlOf(urls[1]))]
  const wrong = one.replace(/^[^@]*/, 'nobody:knows')
  const broker = createAmqpBroker({
    url: `amqp://${wrong},${one},${two}/`,
    logger: silentLogger,
    reconnectMs: 20,
    maxReconnectMs: 100,
  })
  onTestFinished(() => broker.close())
  const got: string[] = []
  const subscription = broker.subscribe(spec, {
    prefetch: 10,
    onDelivery: (delivery) => {
      got.push(String(delivery.body))
      subscription.ackUpTo(delivery)
    },
    onLost: () => {},
  })
  await until('the first broker, after one that refuses', () => got.includes('of 0'))
  first.close()
  await until('the second, the first being away', () => got.includes('of 1'))
  first.open()
  await publish(urls[0], spec.queue, 'again of 0')
  other.close()
  await until('the first again', () => got.includes('again of 0'))
  await subscription.close()
})

test('when none answers it is said of each why', async () => {
  const [first, other] = [await proxyTo(second.url), await proxyTo(second.url)]
  const [one, two] = [serverOf(first.urlOf(second.url)), serverOf(other.urlOf(second.url))]
  first.close()
  other.close()
  const url = `amqp://${one},${two}/`
  const broker = createAmqpBroker({ url, logger: silentLogger, reconnectMs: 20, maxReconnectMs: 100 })
  onTestFinished(() => broker.close())
  const hosts = [one, two].map((server) => server.split('@')[1])
  await expect(broker.inspect()).rejects.toThrow(
    new RegExp(`${hosts[0]} does not answer: .*; the broker at ${hosts[1]} does not answer: `),
  )
})
