import { expect, test } from 'vitest'
import { assembleLargeBodies } from '../../../../src/broker/amqp/large-bodies.ts'

/** Takes frames as a connection does that has so many bytes to read; false: there are no more yet. */
function received(frames: object[]): unknown[] {
  const connection = { recvFrame: () => frames.shift() ?? false }
  assembleLargeBodies({ connection } as never)
  const taken: unknown[] = []
  for (;;) {
    const frame = connection.recvFrame()
    if (!frame && frames.length === 0) return taken
    taken.push(frame)
  }
}

const KIB = 1024
const content = (channel: number, letter: string, kib: number) => ({
  channel,
  content: Buffer.alloc(kib * KIB, letter),
})

test('pieces of a large body come as one, those of each channel by themselves; all else as it is', () => {
  const small = [{ id: 60, channel: 1, size: 2 * KIB, fields: {} }, content(1, 's', 1), content(1, 's', 1)]
  const large = (channel: number) => ({ id: 60, channel, size: 300 * KIB, fields: {} })
  expect(received([...small])).toEqual(small)
  const frames = [
    large(1),
    large(2),
    content(1, 'a', 200),
    content(2, 'b', 300),
    { channel: 0 },
    content(1, 'a', 100),
    ...small,
  ]
  expect(received(frames)).toEqual([
    large(1),
    large(2),
    content(2, 'b', 300),
    { channel: 0 },
    content(1, 'a', 300),
    ...small,
  ])
})

test('a body that its channel did not live to complete is forgotten', () => {
  const next = [{ id: 60, channel: 1, size: 1 * KIB }, content(1, 'n', 1)]
  const begun = { id: 60, channel: 1, size: 300 * KIB }
  expect(received([begun, content(1, 'a', 200), ...next])).toEqual([begun, ...next])
})
