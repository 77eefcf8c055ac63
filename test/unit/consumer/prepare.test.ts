import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { createManualClock } from '../../../src/clock/event-clock.ts'
import { KEPT_BYTES, type PrepareContext, prepare } from '../../../src/consumer/prepare.ts'
import { arrivalOf, deadLettersOf, type Prepared } from '../../../src/consumer/prepared.ts'
import { compileDefinitions } from '../../../src/distiller/definition.ts'
import { createDistiller } from '../../../src/distiller/distiller.ts'
import type { Event } from '../../../src/domain/event.ts'
import type { EncodedEvent } from '../../../src/domain/routing.ts'
import { archivedText } from '../../support/archived-text.ts'
import { DELIVERY } from '../../support/delivery.ts'
import { at, routerOf } from '../../support/events.ts'

const NOW = at('2026-01-01T00:00:00')

const definitions = compileDefinitions(
  [
    {
      event_type: 'x.*',
      traits: { host: { fields: 'payload.host' }, n: { type: 'int', fields: 'payload.n' } },
    },
  ],
  () => {},
)

const context: PrepareContext = {
  distiller: createDistiller(definitions, { catchAll: false }),
  router: routerOf({}),
  clock: createManualClock(NOW),
  maxMessageBytes: 1_000_000,
  encode: (event) => ({ kind: 'encoded-event', of: event }) as EncodedEvent,
}

function prepared(body: string | Buffer) {
  return seen(prepare({ ...DELIVERY, body: Buffer.from(body as string) }, context))
}

/** A prepared message, with its event or its dead letter beside it. */
function seen(message: Prepared) {
  const [deadLetter] = deadLettersOf(message)
  const { outcome, record } = message
  return { outcome, kind: outcome.kind, arrival: arrivalOf(message), deadLetter, line: archivedText(record) }
}

const message = (fields: object) => JSON.stringify({ event_type: 'x.y', message_id: 'm', ...fields })

test('a notification becomes an event on its way to its streams', () => {
  const { arrival, deadLetter, line } = prepared(message({ payload: { host: 'h' } }))
  expect(arrival).toMatchObject({
    at: NOW,
    event: { messageId: 'm', timestamp: NOW },
    encoded: { of: { messageId: 'm', traits: { host: { type: 'text', value: 'h' } } } },
    keys: [{ name: 'trigger' }],
  })
  expect(deadLetter).toBeUndefined()
  expect(line).toBe(message({ payload: { host: 'h' } }))
})

test('what no definition matches is neither event nor dead letter', () => {
  expect(prepared(message({ event_type: 'other' })).outcome).toEqual({
    kind: 'undefined',
    eventType: 'other',
  })
})

test.each([
  [Buffer.from([255]), 'decode'],
  ['{', 'decode'],
  ['[]', 'validate'],
  [message({ message_id: 5 }), 'validate'],
  [message({ payload: { n: 'many' } }), 'distill'],
  [message({ timestamp: 'soon' }), 'distill'],
])('%j becomes a dead letter of stage %s, its body whole', (body, stage) => {
  const { deadLetter, arrival } = prepared(body)
  expect(arrival).toBeUndefined()
  expect(deadLetter).toMatchObject({ stage, queue: 'q', body: Buffer.from(body as string) })
  expect(deadLetter?.reason).not.toBe('')
})

test('nesting as deep as Python reads it is kept as text; where it is deeper, the message is a dead letter', () => {
  const nested = (depth: number) => `${'['.repeat(depth)}"${'x'.repeat(70_000)}"${']'.repeat(depth)}`
  const deep = (depth: number) => message({ payload: { host: 0 } }).replace('0', nested(depth))
  expect(prepared(deep(900)).arrival).toMatchObject({
    encoded: { of: { traits: { host: { type: 'text', value: nested(900) } } } },
  })
  const { deadLetter, line } = prepared(deep(60_000))
  expect(deadLetter).toMatchObject({ stage: 'size', body: Buffer.from(deep(60_000)).subarray(0, KEPT_BYTES) })
  expect(deadLetter?.reason).toBe('the body is not read: it is nested more than 1000 deep')
  expect(line).toBe(deep(60_000))
  const [one, other] = [70_000, 70_001].map((depth) => prepared(deep(depth)).deadLetter)
  expect(other?.body).toEqual(one?.body)
  expect(other?.wholeHash, 'messages that begin alike are different').not.toBe(one?.wholeHash)
  // Short ones are not looked at before; integers that a double cannot hold are looked for in everything.
  const short = message({ payload: { host: 0 } }).replace(
    '0',
    `${'['.repeat(30_000)}12345678901234567890${']'.repeat(30_000)}`,
  )
  expect(prepared(short).deadLetter).toMatchObject({ stage: 'decode', body: Buffer.from(short) })
})

test('a message of very many values is a dead letter, its values never made; so is one in an envelope', () => {
  const many = `[${'{},'.repeat(200_000)}{}]`
  const plain = message({ payload: 0 }).replace('0', many)
  expect(prepared(plain).deadLetter?.reason).toBe('the body is not read: it holds more than 250000 values')
  const envelope = JSON.stringify({ 'oslo.version': '2.0', 'oslo.message': plain })
  expect(prepared(envelope).deadLetter?.reason).toBe(
    'oslo.message is not read: it holds more than 250000 values',
  )
})

test('what Python writes for numbers that are none does not cost the message, only a trait that would be one', () => {
  const body = message({ payload: { host: 'NaN, "Infinity"', n: 0 } }).replace(
    '"n":0',
    '"n":NaN,"x":[-Infinity]',
  )
  const { arrival, line } = prepared(body)
  const encoded = arrival?.encoded as unknown as { of: Event } | undefined
  expect(encoded?.of.traits).toEqual({ host: { type: 'text', value: 'NaN, "Infinity"' } })
  expect(line).toBe(body)
})

test('a message that is to be set aside is a dead letter whatever it holds', () => {
  const body = Buffer.from(message({}))
  const odd = seen(prepare({ ...DELIVERY, body, fault: 'odd headers' }, context))
  expect(odd).toMatchObject({
    arrival: undefined,
    deadLetter: { stage: 'decode', reason: 'odd headers', body },
  })
  expect(odd.line).toBe(String(body))
})

test('a compressed message is unpacked for all that follows; one that cannot be is a dead letter', () => {
  const body = Buffer.from(message({ payload: { host: 'h1' } }))
  const packed = (compression: string, content: Buffer) =>
    seen(prepare({ ...DELIVERY, body: content, properties: { headers: { compression } } }, context))
  const good = packed('application/x-gzip', gzipSync(body))
  expect(good).toMatchObject({
    line: String(body),
    arrival: { encoded: { of: { traits: { host: { value: 'h1' } } } } },
  })
  const other = packed('application/x-bz2', Buffer.from('BZh9'))
  expect(other.deadLetter).toMatchObject({ stage: 'decode', body: Buffer.from('BZh9') })
  expect(other.line).toBe('{"raw_base64":"QlpoOQ=="}')
  const bomb = gzipSync(Buffer.alloc(3_000_000, 32))
  expect(packed('application/x-gzip', bomb).deadLetter).toMatchObject({ stage: 'size', body: bomb })
})

test('a message that is too large keeps its beginning; the archive has it whole', () => {
  const body = message({ payload: { host: 'h'.repeat(1_100_000) } })
  const { deadLetter, line } = prepared(body)
  expect(deadLetter).toMatchObject({ stage: 'size' })
  expect(deadLetter?.body).toHaveLength(65_536)
  expect(line).toBe(body)
})
