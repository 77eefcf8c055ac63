import { setTimeout as delay, setImmediate as immediate } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Publisher } from '../../../src/broker/broker.ts'
import { publishAll } from '../../../src/broker/publish-all.ts'
import { TransientError } from '../../../src/domain/errors.ts'
import { silentLogger } from '../../../src/runtime/logger.ts'
import { queueOnly } from '../../support/queue-only.ts'

const SPEC = queueOnly('q')

function publisherOf(publish: Publisher['publish']): Publisher {
  return { async declare() {}, async declareExchange() {}, publish, async close() {} }
}

function options(publish: Publisher['publish'], signal = new AbortController().signal) {
  return { publisher: publisherOf(publish), spec: SPEC, logger: silentLogger, signal }
}

function* bodies(count: number, size = 1): Generator<Buffer> {
  for (let index = 0; index < count; index++) yield Buffer.alloc(size, index)
}

test('all are published in order, to the queue itself where it has no exchange', async () => {
  const published: [string, string, number][] = []
  let told = 0
  const confirmed = await publishAll(bodies(100), {
    ...options(
      async ({ exchange, routingKey }, body) =>
        void published.push([exchange, routingKey, body[0] as number]),
    ),
    onPublished: () => told++,
  })
  expect([confirmed, told]).toEqual([100, 100])
  expect(published).toEqual(Array.from({ length: 100 }, (_, index) => ['', 'q', index]))
})

test.each([
  ['messages', 10_000, 1, 2001],
  ['bytes', 40, 8 << 20, 9],
])('no more than so many %s are under way', async (_, count, size, most) => {
  let underWay = 0
  let highest = 0
  const publish = async () => {
    highest = Math.max(highest, ++underWay)
    await immediate()
    await immediate()
    underWay--
  }
  expect(await publishAll(bodies(count, size), options(publish))).toBe(count)
  expect(highest).toBeLessThanOrEqual(most)
  expect(highest).toBeGreaterThan(1)
})

test('what is not confirmed is published again', async () => {
  let failures = 2
  const publish = async () => {
    if (failures-- > 0) throw new TransientError('away')
  }
  expect(await publishAll(bodies(3), options(publish))).toBe(3)
})

test('what is published again is overtaken by nothing that comes later', async () => {
  const published: number[] = []
  let calls = 0
  const publish: Publisher['publish'] = async (_, [number]) => {
    const call = ++calls
    await immediate()
    if (call % 7 === 0) throw new TransientError('away')
    published.push(number as number)
  }
  expect(await publishAll(bodies(100), options(publish))).toBe(100)
  // Those that were on their way with it arrive; what comes later waits.
  const overtaken = published.map((number, index) => Math.max(...published.slice(0, index), 0) - number)
  expect(Math.max(...overtaken)).toBeLessThan(32)
})

test('an error that no waiting mends is thrown', async () => {
  const publish = async () => {
    throw new Error('no such exchange')
  }
  await expect(publishAll(bodies(3), options(publish))).rejects.toThrow('no such exchange')
})

test('a stop ends it with what is confirmed, also while the broker is away', async () => {
  const stopping = new AbortController()
  let calls = 0
  const publish = async () => {
    if (++calls <= 2) return
    stopping.abort()
    throw new TransientError('away')
  }
  expect(await publishAll(bodies(100), options(publish, stopping.signal))).toBe(2)
})

test('a stop waits for confirmations, but not for those of a broker that takes no messages', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  for (const hindrance of [undefined, 'low on memory']) {
    const stopping = new AbortController()
    let ended = false
    const never = () => new Promise<void>(() => {})
    const publishing = publishAll(bodies(3), {
      ...options(never, stopping.signal),
      hindrance: () => hindrance,
    }).then((count) => {
      ended = true
      return count
    })
    await immediate()
    stopping.abort()
    await vi.advanceTimersByTimeAsync(10)
    expect(ended).toBe(hindrance !== undefined)
    await vi.advanceTimersByTimeAsync(5000)
    expect(await publishing).toBe(0)
  }
})

test('after a stop nothing is published of which earlier ones were left out', async () => {
  // The pause before the next attempt ends by the stop alone, however slow the machine.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const stopping = new AbortController()
  const published: number[] = []
  const failed = Promise.withResolvers<void>()
  async function* two() {
    yield Buffer.of(0)
    await failed.promise
    await immediate()
    yield Buffer.of(1)
  }
  const publish: Publisher['publish'] = async (_, [number]) => {
    published.push(number as number)
    if (published.length > 1) return
    failed.resolve()
    setImmediate(() => setImmediate(() => stopping.abort()))
    throw new TransientError('away')
  }
  expect(await publishAll(two(), options(publish, stopping.signal))).toBe(0)
  expect(published).toEqual([0])
})

test('when making bodies fails, nothing goes on', async () => {
  let calls = 0
  const publish = async () => {
    calls++
    throw new TransientError('away')
  }
  async function* broken() {
    yield Buffer.of(0)
    await immediate()
    throw new Error('no such file')
  }
  await expect(publishAll(broken(), options(publish))).rejects.toThrow('no such file')
  await delay(300)
  expect(calls).toBe(1)
})

test('one line when the broker goes and one when it is back, however many messages wait', async () => {
  const lines: string[] = []
  const note = (_: object, text: string) => void lines.push(text)
  let calls = 0
  const publish = async () => {
    const isAway = ++calls <= 40
    await immediate()
    if (isAway) throw new TransientError('away')
  }
  const logger = { ...silentLogger, warn: note, info: note }
  expect(await publishAll(bodies(50), { ...options(publish), logger })).toBe(50)
  expect(lines).toEqual(['away; trying again until it works', 'the broker takes messages again'])
})
