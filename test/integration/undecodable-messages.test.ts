import { randomUUID } from 'node:crypto'
import { connect } from 'amqplib'
import { expect, inject, onTestFinished, test } from 'vitest'
import { createAmqpBroker } from '../../src/broker/amqp/amqp-broker.ts'
import type { Delivery } from '../../src/broker/broker.ts'
import { silentLogger } from '../../src/runtime/logger.ts'
import { corpusOf } from '../support/corpus.ts'
import { queueOnly } from '../support/queue-only.ts'
import { longOfKombu, nested, publishRaw, rawHeader } from '../support/raw-publish.ts'
import { until } from '../support/until.ts'

const KINDS = {
  classic: {},
  quorum: { 'x-queue-type': 'quorum' },
  'quorum with a delivery limit': { 'x-queue-type': 'quorum', 'x-delivery-limit': 2 },
}

/** A table of headers, and what of it is told. */
const HEADERS = {
  'an integer as kombu writes it': [
    rawHeader('sent_at_ms', longOfKombu(1732890000000n)),
    /tag "L".* 0a73656e745f/,
  ],
  'tables nested by the thousand': [
    rawHeader('x', nested('F', 6000)),
    /first 4096 of 42004 bytes as hex: 017846/,
  ],
  'arrays nested by the thousand': [
    rawHeader('x', nested('A', 8000)),
    /first 4096 of 40004 bytes as hex: 017841/,
  ],
} as const

async function createQueue(args: object): Promise<string> {
  const queue = `q-${randomUUID()}`
  const model = await connect(inject('amqpUrl'))
  const channel = await model.createChannel()
  await channel.assertQueue(queue, { durable: true, arguments: args })
  await model.close()
  return queue
}

/** Reads a queue and acknowledges all that comes. */
function read(queue: string) {
  const deliveries: Delivery[] = []
  let losses = 0
  const broker = createAmqpBroker({
    url: inject('amqpUrl'),
    logger: silentLogger,
    reconnectMs: 20,
    maxReconnectMs: 200,
  })
  const subscription = broker.subscribe(
    { ...queueOnly(queue), passive: true },
    {
      prefetch: 100,
      onDelivery: (delivery) => {
        deliveries.push(delivery)
        subscription.ackUpTo(delivery)
      },
      onLost: () => losses++,
    },
  )
  onTestFinished(() => broker.close())
  return { deliveries, losses: () => losses, depth: () => broker.depth(queue) }
}

const CASES = Object.entries(KINDS).flatMap(([kind, args]) =>
  Object.entries(HEADERS).map(([header, [headers, told]]) => ({ kind, args, header, headers, told })),
)

test.each(CASES)(
  '$header costs one message of a $kind queue its headers, and the others nothing',
  async (c) => {
    const queue = await createQueue(c.args)
    const good = Array.from({ length: 50 }, (_, n) => ({ body: `good ${n}` }))
    const ok = { body: 'ok', headers: rawHeader('x', Buffer.from('t\x01')) }
    await publishRaw(inject('amqpUrl'), queue, [
      ...good.slice(0, 10),
      { body: 'odd', headers: c.headers },
      ok,
      ...good.slice(10),
    ])
    const { deliveries, losses, depth } = read(queue)
    await until('all of them', () => deliveries.length >= 52)
    await until('an empty queue', async () => (await depth()) === 0)
    expect(losses()).toBe(0)
    expect(deliveries.map(({ body }) => String(body))).toEqual([
      ...good.slice(0, 10).map(({ body }) => body),
      'odd',
      'ok',
      ...good.slice(10).map(({ body }) => body),
    ])
    const faults = deliveries.flatMap(({ fault }) => fault ?? [])
    // A quorum queue writes the headers anew, and may write them as the library reads them.
    if (c.kind === 'classic') expect(faults).toHaveLength(1)
    for (const fault of faults) expect(fault).toMatch(c.told)
  },
)

test('of all tables of the corpus that RabbitMQ takes, none costs a message or the channel', async () => {
  const queue = await createQueue({})
  const taken: string[] = []
  for (const [index, headers] of corpusOf('headers').entries()) {
    try {
      await publishRaw(inject('amqpUrl'), queue, [{ body: `${index}`, headers }])
      taken.push(`${index}`)
    } catch {
      // What it cannot decode itself costs the publisher its connection.
    }
  }
  expect(taken.length).toBeGreaterThan(30)
  const { deliveries, losses, depth } = read(queue)
  await until('all of them', () => deliveries.length >= taken.length)
  await until('an empty queue', async () => (await depth()) === 0)
  expect(deliveries.map(({ body }) => String(body))).toEqual(taken)
  expect(losses()).toBe(0)
})

test('a message that costs the channel whenever it comes is read alone, and then set aside', async () => {
  const queue = await createQueue({})
  const bodies = ['1', '2', 'poison', '4', '5']
  await publishRaw(
    inject('amqpUrl'),
    queue,
    bodies.map((body) => ({ body })),
  )
  const broker = createAmqpBroker({
    url: inject('amqpUrl'),
    logger: silentLogger,
    reconnectMs: 5,
    maxReconnectMs: 20,
  })
  onTestFinished(() => broker.close())
  const taken: string[] = []
  const comings = new Map<string, number>()
  let aside: Delivery | undefined
  const subscription = broker.subscribe(
    { ...queueOnly(queue), passive: true },
    {
      prefetch: 100,
      onDelivery: (delivery) => {
        const body = String(delivery.body)
        comings.set(body, (comings.get(body) ?? 0) + 1)
        if (delivery.fault !== undefined) aside = delivery
        // The library closes the channel when this throws.
        else if (body === 'poison') throw new Error('no')
        // As a consumer does, which has the next ones before the first is stored.
        setTimeout(() => subscription.ackUpTo(delivery), 10)
        taken.push(body)
      },
      onLost: () => {},
    },
  )
  await until('an empty queue', async () => taken.includes('5') && (await broker.depth(queue)) === 0)
  expect(aside?.fault).toMatch(
    /the channel was lost \d times with this message at hand, 2 times with it alone/,
  )
  expect(String(aside?.body)).toBe('poison')
  // Both losses of many, and once alone.
  expect([comings.get('1'), comings.get('2'), comings.get('4')]).toEqual([3, 3, 1])
  expect(comings.get('poison')).toBe(5)
})
