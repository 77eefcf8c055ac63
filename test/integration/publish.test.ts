import { randomUUID } from 'node:crypto'
import { expect, inject, test } from 'vitest'
import { createAmqpBroker } from '../../src/broker/amqp/amqp-broker.ts'
import { publishAll } from '../../src/broker/publish-all.ts'
import { silentLogger } from '../../src/runtime/logger.ts'
import { queueOnly } from '../support/queue-only.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'

const COUNT = 20_000
const CUT_EVERY = 1500

test('whenever the broker is cut off, messages come into the queue in their order', async () => {
  const proxy = await TcpProxy.start(inject('amqpUrl'))
  const spec = queueOnly(`q-${randomUUID()}`)
  const options = { logger: silentLogger, reconnectMs: 20, maxReconnectMs: 200 }
  const far = createAmqpBroker({ ...options, url: proxy.urlOf(inject('amqpUrl')) })
  const near = createAmqpBroker({ ...options, url: inject('amqpUrl') })
  const received: number[] = []
  const subscription = near.subscribe(spec, {
    prefetch: 1000,
    onDelivery(delivery) {
      received.push(Number(delivery.body.toString()))
      subscription.ackUpTo(delivery)
    },
    onLost() {},
  })
  let cuts = 0
  function* bodies(): Generator<Buffer> {
    for (let number = 0; number < COUNT; number++) yield Buffer.from(String(number))
  }
  let confirmed = 0
  const onPublished = () => {
    if (++confirmed % CUT_EVERY !== 0) return
    cuts++
    proxy.cut()
  }
  try {
    const publisher = await far.openPublisher()
    const { signal } = new AbortController()
    await publishAll(bodies(), { publisher, spec, logger: silentLogger, signal, onPublished })
    await until('all to be received', () => new Set(received).size === COUNT)
    expect(cuts).toBeGreaterThan(5)
    // What was not confirmed comes again: the order is that of the first of each.
    const first = [...new Set(received)]
    expect(first.filter((number, index) => number < (first[index - 1] ?? 0))).toEqual([])
  } finally {
    await Promise.all([subscription.close(), far.close()])
    await near.close()
    await proxy.stop()
  }
})
