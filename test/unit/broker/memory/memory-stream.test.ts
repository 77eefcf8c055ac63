import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { MemoryStream } from '../../../../src/broker/memory/memory-stream.ts'
import type { QueueArguments, StreamOffset } from '../../../../src/broker/queue-spec.ts'

const START = Date.UTC(2026, 0, 1)

beforeEach(() => {
  vi.useFakeTimers({ now: START, toFake: ['Date'] })
})

afterEach(() => {
  vi.useRealTimers()
})

/** A stream of bodies of ten bytes each, one an hour. */
function streamOf(count: number, args?: QueueArguments): MemoryStream {
  const stream = new MemoryStream(args)
  for (let hour = 0; hour < count; hour++) {
    vi.setSystemTime(START + hour * 3_600_000)
    stream.append({ exchange: 'x', routingKey: 'k', body: Buffer.alloc(10), properties: {} })
  }
  return stream
}

async function offsetsFrom(stream: MemoryStream, start: StreamOffset): Promise<(number | undefined)[]> {
  const offsets: (number | undefined)[] = []
  const reader = stream.read(start, 100, ({ offset }) => offsets.push(offset))
  await new Promise((resolve) => setImmediate(resolve))
  reader.stop()
  return offsets
}

test.each<[string, QueueArguments | undefined, number[]]>([
  ['everything without a limit', undefined, [0, 1, 2, 3, 4, 5]],
  ['as many bytes as are allowed', { 'x-max-length-bytes': 35 }, [3, 4, 5]],
  ['nothing that is older than allowed', { 'x-max-age': '2h' }, [3, 4, 5]],
  ['what both limits allow', { 'x-max-age': '1D', 'x-max-length-bytes': 20 }, [4, 5]],
  ['everything where the age cannot be read', { 'x-max-age': 'long' }, [0, 1, 2, 3, 4, 5]],
])('a stream keeps %s', async (_, args, kept) => {
  expect(await offsetsFrom(streamOf(6, args), 'first')).toEqual(kept)
})

test.each<[StreamOffset, number[]]>([
  ['last', [5]],
  ['next', []],
  [4, [4, 5]],
  [1, [3, 4, 5]],
  [{ sinceS: START / 1000 + 4 * 3600 }, [4, 5]],
  [{ sinceS: START / 1000 + 4 * 3600 + 1 }, [5]],
  [{ sinceS: START / 1000 + 9 * 3600 }, []],
])('reading begins at %j, or at the oldest that is kept', async (start, expected) => {
  expect(await offsetsFrom(streamOf(6, { 'x-max-length-bytes': 35 }), start)).toEqual(expected)
})

test('a reader that is too slow misses what is not kept any more', async () => {
  const stream = streamOf(2, { 'x-max-length-bytes': 35 })
  const seen: (number | undefined)[] = []
  let ackUpTo = () => {}
  stream.read('first', 1, (message) => {
    seen.push(message.offset)
    ackUpTo = message.ackUpTo
  })
  await Promise.resolve()
  for (let n = 0; n < 4; n++)
    stream.append({ exchange: 'x', routingKey: 'k', body: Buffer.alloc(10), properties: {} })
  for (let n = 0; n < 5; n++) {
    ackUpTo()
    await Promise.resolve()
  }
  expect(seen).toEqual([0, 3, 4, 5])
})

test('a reader that stops goes on after what it has acknowledged', async () => {
  const stream = streamOf(4)
  const reader = stream.read('first', 10, ({ offset, ackUpTo }) => {
    if (offset === 1) ackUpTo()
  })
  await Promise.resolve()
  expect(reader.stop()).toBe(2)
  expect(stream.read('next', 10, () => {}).stop()).toBe(4)
})
