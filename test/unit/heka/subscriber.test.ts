import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import type { Broker, Subscription } from '../../../src/broker/broker.ts'
import { createMemoryBroker } from '../../../src/broker/memory/memory-broker.ts'
import { Counters } from '../../../src/heka/receivers/counters.ts'
import { streamSpec } from '../../../src/heka/stream/stream-spec.ts'
import { DeadLetters } from '../../../src/heka/subscriber/dead-letters.ts'
import { Subscriber, type SubscriberOptions } from '../../../src/heka/subscriber/subscriber.ts'
import { encodeMessage } from '../../../src/heka/wire/encode-message.ts'
import { frameOf } from '../../../src/heka/wire/frame.ts'
import { silentLogger } from '../../../src/runtime/logger.ts'
import { messageNumber } from '../../support/heka/subscription.ts'
import { until } from '../../support/until.ts'

afterEach(() => void vi.useRealTimers())

const SPEC = streamSpec('s', { streamMaxAge: '', streamMaxMegabytes: 0 })
const MINUTE_MS = 60_000
const ROUTE = { exchange: 's', routingKey: '' }

/** A broker whose stream holds so many messages, a minute apart, each alone in a message of AMQP. */
async function brokerWith(count: number): Promise<Broker> {
  const broker = createMemoryBroker()
  onTestFinished(() => broker.close())
  const publisher = await broker.openPublisher()
  await publisher.declare(SPEC)
  for (let n = 1; n <= count; n++)
    await publisher.publish(ROUTE, frameOf(encodeMessage(messageNumber(n))), {
      headers: { at_ms: Date.now() - (count - n) * MINUTE_MS },
    })
  return broker
}

function subscriberOn(broker: Broker, more: Pick<SubscriberOptions, 'post' | 'start'>) {
  const openPublisher = () => broker.openPublisher()
  const counters = new Counters()
  const spec = { ...SPEC, queue: 's.dead', bindings: [{ exchange: 's.dead', routingKey: '' }] }
  const subscriber = new Subscriber({
    broker,
    openPublisher,
    spec: SPEC,
    encode(view, writer) {
      writer.line(/m\d+/.exec(view.bytes.toString('latin1'))?.[0] ?? '')
      return true
    },
    matches: undefined,
    batchSize: 1,
    batchTimeoutMs: 1000,
    parallel: 1,
    deadLetters: new DeadLetters(spec, openPublisher, silentLogger),
    counters,
    logger: silentLogger,
    ...more,
  })
  return { subscriber, counters }
}

test('at the end the batches that nobody takes are not tried once more, one after the other', async () => {
  const broker = await brokerWith(3)
  const post = vi.fn((_lines: Buffer, _id: string, signal: AbortSignal) => {
    const { promise, resolve } = Promise.withResolvers<{ readonly kind: 'stopped' }>()
    signal.addEventListener('abort', () => resolve({ kind: 'stopped' }))
    if (signal.aborted) resolve({ kind: 'stopped' })
    return promise
  })
  const { subscriber, counters } = subscriberOn(broker, { post, start: { kind: 'all' } })
  await subscriber.start()
  await until('all messages', () => subscriber.held === 3)
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  const stopped = subscriber.stop()
  await vi.advanceTimersByTimeAsync(20_000)
  await stopped
  expect([post.mock.calls.length, counters.get('deadLetterCount')]).toEqual([1, 3])
})

test.each([
  ['a sequence number', { kind: 'sequence', number: 19 }],
  ['a time', { kind: 'since', ms: 1.5 * MINUTE_MS }],
] as const)('what stands before %s is skipped though the broker is lost on the way', async (_, start) => {
  const broker = await brokerWith(20)
  const lossy: Broker = {
    ...broker,
    subscribe(spec, options) {
      let count = 0
      const subscription: Subscription = broker.subscribe(spec, {
        ...options,
        onDelivery(delivery) {
          options.onDelivery(delivery)
          if (++count !== 5) return
          subscription.rest()
          setImmediate(() => subscription.resume())
        },
      })
      return subscription
    },
  }
  const taken: string[] = []
  const post = async (lines: Buffer) => {
    taken.push(...lines.toString().trim().split('\n'))
    return { kind: 'delivered' } as const
  }
  const { subscriber } = subscriberOn(lossy, { post, start })
  await subscriber.start()
  await until('the last one', () => taken.includes('m20'))
  await subscriber.stop()
  expect(taken).toEqual(['m19', 'm20'])
})

test('dead letters of several batches at once go through one publisher', async () => {
  const broker = createMemoryBroker()
  onTestFinished(() => broker.close())
  const open = vi.fn(() => broker.openPublisher())
  const deadLetters = new DeadLetters(SPEC, open, silentLogger)
  const messages = [{ bytes: encodeMessage(messageNumber(1)), position: { offset: 0, index: 0 } }]
  const reason = { reason: 'refused', status: 400, batch: 'b' }
  const { signal } = new AbortController()
  await Promise.all([1, 2].map(() => deadLetters.keep(messages, reason, signal)))
  expect(open).toHaveBeenCalledTimes(1)
})
