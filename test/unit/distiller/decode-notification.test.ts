import { expect, test } from 'vitest'
import { decodeNotification } from '../../../src/distiller/decode-notification.ts'

const PLAIN = { event_type: 'a.b', message_id: 'm1', payload: { n: 1 } }

test('reads an old-style notification', () => {
  expect(decodeNotification(Buffer.from(JSON.stringify(PLAIN)))).toEqual({ ok: true, notification: PLAIN })
})

test('reads the oslo v2 envelope', () => {
  const envelope = { 'oslo.version': '2.0', 'oslo.message': JSON.stringify(PLAIN) }
  expect(decodeNotification(Buffer.from(JSON.stringify(envelope)))).toEqual({ ok: true, notification: PLAIN })
})

test('keeps integers of 64 bits', () => {
  const body = Buffer.from('{"event_type":"a","message_id":"m","payload":{"n":9223372036854775807}}')
  expect(decodeNotification(body)).toMatchObject({
    notification: { payload: { n: 9_223_372_036_854_775_807n } },
  })
})

test.each([
  [Buffer.from([0xff, 0xfe]), 'decode', 'not UTF-8'],
  ['', 'decode', 'not JSON'],
  ['{"a":', 'decode', 'not JSON'],
  ['{"oslo.message":"{"}', 'decode', 'oslo.message is not JSON'],
  ['[1]', 'validate', 'not a JSON object'],
  ['null', 'validate', 'not a JSON object'],
  ['{"message_id":"m"}', 'validate', 'event_type'],
  ['{"event_type":"a","message_id":7}', 'validate', 'message_id'],
  ['{"event_type":"a","message_id":""}', 'validate', 'message_id'],
  [JSON.stringify({ event_type: 'a'.repeat(256), message_id: 'm' }), 'validate', 'longer than 255'],
])('refuses %j with stage %s and a reason', (body, stage, reason) => {
  const decoded = decodeNotification(Buffer.from(body as string))
  expect(decoded).toMatchObject({ ok: false, stage })
  expect(!decoded.ok && decoded.reason).toContain(reason)
})
