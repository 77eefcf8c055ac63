import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import type { MessageProperties } from '../../../src/broker/message.ts'
import { wallClock } from '../../../src/clock/event-clock.ts'
import { FirstTime } from '../../../src/consumer/first-time.ts'
import { DELIVERY } from '../../support/delivery.ts'
import { at } from '../../support/events.ts'

const BODY = Buffer.from(
  JSON.stringify({ event_type: 'x', message_id: 'a', timestamp: '2026-01-01T00:00:00', payload: {} }),
)

test.each<[string, Buffer, MessageProperties]>([
  ['plain', BODY, {}],
  ['with a charset', BODY, { contentType: 'application/json; charset=utf-8' }],
  ['packed', gzipSync(BODY), { contentEncoding: 'gzip' }],
  ['packed by kombu', gzipSync(BODY), { headers: { compression: 'application/x-gzip' } }],
])('a message tells the time of its queue: %s', async (_, body, properties) => {
  const told: number[] = []
  const clock = {
    ...wallClock,
    isUnknown: () => told.length === 0,
    foresee: (_: string, time: number) => void told.push(time),
  }
  const firstTime = new FirstTime({
    clock,
    queue: 'q',
    buffer: { deliveries: [], arrived: () => new Promise(() => {}) },
    maxMessageBytes: 1e6,
    signal: new AbortController().signal,
  })
  await firstTime.find([{ ...DELIVERY, body, properties }])
  expect(told).toEqual([at('2026-01-01T00:00:00')])
})
