import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Publisher } from '../../../src/broker/broker.ts'
import { TransientError } from '../../../src/domain/errors.ts'
import { framesOf } from '../../../src/heka/stream/frames-of.ts'
import { streamSpec } from '../../../src/heka/stream/stream-spec.ts'
import { StreamWriter, type StreamWriterOptions } from '../../../src/heka/stream/stream-writer.ts'
import { silentLogger } from '../../../src/runtime/logger.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] }))
afterEach(() => void vi.useRealTimers())

/** A broker that takes what is published while it is up. */
function fakeBroker() {
  const state = { isUp: true, texts: [] as string[] }
  const away = () => {
    if (!state.isUp) throw new TransientError('the broker is away')
  }
  const publisher: Publisher = {
    declare: async () => away(),
    declareExchange: async () => away(),
    async publish(_, body) {
      away()
      state.texts.push(...framesOf(Buffer.from(body)).map(String))
    },
    async close() {},
  }
  const open = async () => {
    away()
    return publisher
  }
  return { state, open }
}

function writerOn(open: () => Promise<Publisher>, more: Partial<StreamWriterOptions> = {}): StreamWriter {
  return new StreamWriter({
    openPublisher: open,
    spec: streamSpec('s', { streamMaxAge: '', streamMaxMegabytes: 0 }),
    logger: silentLogger,
    holdDownMs: 100,
    gatherMs: 5,
    windowBytes: 1000,
    isPatient: true,
    ...more,
  })
}

const add = (writer: StreamWriter, text: string) => writer.add(Buffer.from(text), 0, text.length)

test('what fails is published again in order when the broker is back', async () => {
  const { state, open } = fakeBroker()
  const published = vi.fn()
  const writer = writerOn(open, { onPublished: published })
  await writer.start()
  add(writer, 'a')
  await vi.advanceTimersByTimeAsync(10)
  state.isUp = false
  for (const text of ['b', 'c']) {
    add(writer, text)
    await vi.advanceTimersByTimeAsync(10)
  }
  expect([writer.isBroken, state.texts]).toEqual([true, ['a']])
  await vi.advanceTimersByTimeAsync(60_000)
  state.isUp = true
  await vi.advanceTimersByTimeAsync(6000)
  expect([writer.isBroken, state.texts]).toEqual([false, ['a', 'b', 'c']])
  expect(published.mock.calls.flat().reduce((sum, count) => sum + count, 0)).toBe(3)
})

test('an impatient one gives up after five attempts, and does not publish it later', async () => {
  const { state, open } = fakeBroker()
  const writer = writerOn(open, { isPatient: false })
  await writer.start()
  state.isUp = false
  const given = writer.publish(Buffer.from('a'), 0, 1).catch((error: Error) => error.message)
  await vi.advanceTimersByTimeAsync(9000)
  expect(await Promise.race([given, Promise.resolve('waiting')])).toBe('waiting')
  await vi.advanceTimersByTimeAsync(2000)
  expect(await given).toContain('the broker is away')
  state.isUp = true
  await writer.connect()
  await vi.advanceTimersByTimeAsync(1000)
  expect([writer.isBroken, state.texts]).toEqual([false, []])
})

test('attempts to connect keep the hold-down between them', async () => {
  const { state, open } = fakeBroker()
  state.isUp = false
  const opened = vi.fn(open)
  const writer = writerOn(opened, { holdDownMs: 10_000 })
  await expect(writer.start()).rejects.toThrow('the broker is away')
  state.isUp = true
  await expect(writer.connect()).rejects.toThrow('the broker is away')
  expect(opened).toHaveBeenCalledTimes(1)
  await vi.advanceTimersByTimeAsync(10_000)
  await writer.connect()
  expect([opened.mock.calls.length, writer.isBroken]).toEqual([2, false])
})

test('it is full while too much is unconfirmed, and says when there is room', async () => {
  const { state, open } = fakeBroker()
  const room = vi.fn()
  const writer = writerOn(open, { onRoom: room })
  await writer.start()
  state.isUp = false
  add(writer, 'x'.repeat(1200))
  await vi.advanceTimersByTimeAsync(10)
  expect([writer.isFull, room.mock.calls.length]).toEqual([true, 0])
  state.isUp = true
  await vi.advanceTimersByTimeAsync(10_000)
  expect([writer.isFull, room.mock.calls.length]).toEqual([false, 1])
})

test('messages of one moment go together, up to 64 KB', async () => {
  const { open } = fakeBroker()
  const publisher = await open()
  const publish = vi.spyOn(publisher, 'publish')
  const writer = writerOn(open, { windowBytes: 1 << 20 })
  await writer.start()
  for (let count = 0; count < 100; count++) add(writer, 'y'.repeat(1000))
  await vi.advanceTimersByTimeAsync(10)
  expect(publish.mock.calls.map(([, body]) => framesOf(Buffer.from(body)).length)).toEqual([65, 35])
})

test('a message that does not fit behind the others is taken when its own batch is', async () => {
  const { open } = fakeBroker()
  const publisher = await open()
  const second = Promise.withResolvers<void>()
  vi.spyOn(publisher, 'publish').mockResolvedValueOnce().mockReturnValueOnce(second.promise)
  const writer = writerOn(open, { windowBytes: 1 << 20 })
  await writer.start()
  const settled: number[] = []
  for (const n of [1, 2]) void writer.publish(Buffer.alloc(40_000), 0, 40_000).then(() => settled.push(n))
  await vi.advanceTimersByTimeAsync(10)
  expect(settled).toEqual([1])
  second.resolve()
  await vi.advanceTimersByTimeAsync(0)
  expect(settled).toEqual([1, 2])
})
