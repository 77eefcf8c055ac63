import type { ConsumeMessage } from 'amqplib'
import { expect, test } from 'vitest'
import { StreamPosition } from '../../../../src/broker/amqp/stream-position.ts'
import type { QueueSpec, StreamOffset } from '../../../../src/broker/queue-spec.ts'
import { queueOnly } from '../../../support/queue-only.ts'

const REFUSAL = new Error(
  `Operation failed: BasicConsume; 406 (PRECONDITION-FAILED) with message "PRECONDITION_FAILED - invalid arg 'x-stream-offset' for queue 'q' in vhost '/' of queue type rabbit_classic_queue"`,
)

function at(offset: number | undefined): ConsumeMessage {
  const headers = offset === undefined ? undefined : { 'x-stream-offset': offset }
  return { properties: { headers } } as unknown as ConsumeMessage
}

function streamFrom(streamOffset: StreamOffset | undefined): QueueSpec {
  return { ...queueOnly('q'), arguments: { 'x-queue-type': 'stream' }, streamOffset }
}

test.each<[StreamOffset | undefined, object]>([
  [undefined, {}],
  ['first', { 'x-stream-offset': 'first' }],
  ['next', { 'x-stream-offset': 'next' }],
  [0, { 'x-stream-offset': 0 }],
  [{ sinceS: 1_700_000_000 }, { 'x-stream-offset': { '!': 'timestamp', value: 1_700_000_000 } }],
])('reading from %j begins there, and goes on where it was', (start, expected) => {
  const position = new StreamPosition(streamFrom(start))
  expect(position.asArguments()).toEqual(expected)
  position.reset()
  expect(position.asArguments()).toEqual(expected)
  expect([7, 8, 9].map((offset) => position.delivered(at(offset)))).toEqual([7, 8, 9])
  expect(position.asArguments()).toEqual({ 'x-stream-offset': 10 })
  position.reset()
  // Nothing was acknowledged: what was delivered is to come again, whatever came since.
  expect(position.asArguments()).toEqual({ 'x-stream-offset': 7 })
  position.delivered(at(7))
  position.acknowledged(at(7))
  position.delivered(at(8))
  position.reset()
  expect(position.asArguments()).toEqual({ 'x-stream-offset': 8 })
})

test('a message without an offset leaves the position as it is', () => {
  const position = new StreamPosition(streamFrom('first'))
  position.delivered(at(3))
  expect(position.delivered(at(undefined))).toBeUndefined()
  position.acknowledged(at(undefined))
  expect(position.asArguments()).toEqual({ 'x-stream-offset': 4 })
})

test('offsets of a queue that turns out to be no stream are forgotten, those of a stream are not', () => {
  const other = new StreamPosition(queueOnly('q'))
  expect(other.delivered(at(7))).toBeUndefined()
  other.acknowledged(at(7))
  other.refused(new Error('the connection is lost'))
  expect(other.asArguments()).toEqual({ 'x-stream-offset': 8 })
  other.refused(REFUSAL)
  expect(other.asArguments()).toEqual({})
  const stream = new StreamPosition(streamFrom('first'))
  stream.delivered(at(7))
  stream.refused(REFUSAL)
  expect(stream.asArguments()).toEqual({ 'x-stream-offset': 8 })
})
