import { expect, test } from 'vitest'
import { type PrepareContext, prepare } from '../../../src/consumer/prepare.ts'
import { compileDefinitions } from '../../../src/distiller/definition.ts'
import { createDistiller } from '../../../src/distiller/distiller.ts'
import type { EncodedEvent } from '../../../src/domain/routing.ts'
import { createManualClock } from '../../../src/runtime/event-clock.ts'
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
  return prepare({ queue: 'q', body: Buffer.from(body as string), redelivered: false }, context)
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
  expect(String(line)).toBe(message({ payload: { host: 'h' } }))
})

test('what no definition matches is neither event nor dead letter', () => {
  expect(prepared(message({ event_type: 'other' }))).toMatchObject({
    arrival: undefined,
    deadLetter: undefined,
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

test('nesting as deep as a message can hold is kept as text; where it exhausts the stack, the message is a dead letter', () => {
  const nested = (inner: string) => `${'['.repeat(60_000)}${inner}${']'.repeat(60_000)}`
  const deep = (inner: string) => message({ payload: { host: 0 } }).replace('0', nested(inner))
  expect(prepared(deep('')).arrival).toMatchObject({
    encoded: { of: { traits: { host: { type: 'text', value: nested('') } } } },
  })
  // Integers that a double cannot hold are looked for in everything.
  const exact = deep('12345678901234567890')
  expect(prepared(exact).deadLetter).toMatchObject({ stage: 'decode', body: Buffer.from(exact) })
})

test('a message that is too large keeps its beginning; the archive has it whole', () => {
  const body = message({ payload: { host: 'h'.repeat(1_100_000) } })
  const { deadLetter, line } = prepared(body)
  expect(deadLetter).toMatchObject({ stage: 'size' })
  expect(deadLetter?.body).toHaveLength(65_536)
  expect(String(line)).toBe(body)
})
