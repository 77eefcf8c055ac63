import { expect, test } from 'vitest'
import { compileDefinitions } from '../../../src/distiller/definition.ts'
import type { EventDefinitionConfig } from '../../../src/distiller/definition-config.ts'
import { createDistiller } from '../../../src/distiller/distiller.ts'
import type { JsonObject, Notification } from '../../../src/domain/notification.ts'
import type { UnplacedFinding } from '../../../src/domain/report.ts'
import { at } from '../../support/events.ts'

const RECEIVED = at('2026-01-01T00:00:00')

function distil(configs: EventDefinitionConfig[], fields: JsonObject, catchAll = false) {
  const definitions = compileDefinitions(configs, (finding) => {
    throw new Error(finding.message)
  })
  const notification = { event_type: 'x.y', message_id: 'm', ...fields } as Notification
  return createDistiller(definitions, { catchAll }).distil(notification, RECEIVED)
}

function traitsOf(configs: EventDefinitionConfig[], fields: JsonObject) {
  const distilled = distil(configs, fields)
  if (distilled.kind !== 'event') throw new Error(JSON.stringify(distilled))
  return distilled.event.traits
}

test('the last definition that means the type is used', () => {
  const traits = traitsOf(
    [
      { event_type: '*', traits: { first: { fields: 'publisher_id' } } },
      { event_type: 'x.*', traits: { second: { fields: 'publisher_id' } } },
      { event_type: 'z.*', traits: { third: { fields: 'publisher_id' } } },
    ],
    { publisher_id: 'p' },
  )
  expect(traits).toEqual({
    service: { type: 'text', value: 'p' },
    second: { type: 'text', value: 'p' },
  })
})

test('drops what no definition matches, unless all are caught', () => {
  expect(distil([{ event_type: 'other', traits: {} }], {})).toEqual({ kind: 'dropped' })
  expect(distil([{ event_type: 'other', traits: {} }], { publisher_id: 'p' }, true)).toMatchObject({
    kind: 'event',
    event: { traits: { service: { value: 'p' } } },
  })
})

test('the first field that yields a value counts, null is none', () => {
  const definition = {
    event_type: '*',
    traits: { v: { fields: ['payload.a', "payload.'b.c'", 'payload.d[1].e', 'payload.d[-1].e'] } },
  }
  const value = (payload: JsonObject) => traitsOf([definition], { payload }).v?.value
  expect(value({ a: 'A', 'b.c': 'B' })).toBe('A')
  expect(value({ a: null, 'b.c': 'B' })).toBe('B')
  expect(value({ d: [{ e: 'x' }, { e: 'y' }, { e: 'z' }] })).toBe('y')
  expect(value({ d: [{ e: 'x' }] })).toBe('x')
  expect(value({ d: 'text' })).toBeUndefined()
  expect(
    traitsOf([{ event_type: '*', traits: { v: { fields: 'payload.constructor' } } }], { payload: {} }).v,
  ).toBeUndefined()
})

test.each([
  ['text', 'x', { type: 'text', value: 'x' }],
  ['text', 3, { type: 'text', value: '3' }],
  ['text', true, { type: 'text', value: 'True' }],
  ['text', { a: [1] }, { type: 'text', value: '{"a":[1]}' }],
  ['int', ' 12 ', { type: 'int', value: 12 }],
  ['int', 12.9, { type: 'int', value: 12 }],
  ['int', false, { type: 'int', value: 0 }],
  ['int', '9223372036854775807', { type: 'int', value: 9_223_372_036_854_775_807n }],
  ['float', '5.', { type: 'float', value: 5 }],
  ['float', 3, { type: 'float', value: 3 }],
  ['datetime', '2026-01-01 00:00:00', { type: 'datetime', value: RECEIVED }],
  ['int', '', undefined],
  ['datetime', '', undefined],
] as const)('converts to %s: %j', (type, value, expected) => {
  const definition = { event_type: '*', traits: { v: { type, fields: 'payload.v' } } }
  expect(traitsOf([definition], { payload: { v: value } }).v).toEqual(expected)
})

test.each([
  ['int', 'abc'],
  ['int', { a: 1 }],
  ['int', '9223372036854775808'],
  ['float', '1e999'],
  ['datetime', 'soon'],
  ['datetime', 20260101],
] as const)('a %s that cannot be made of %j names trait and value', (type, value) => {
  const definition = { event_type: '*', traits: { v: { type, fields: 'payload.v' } } }
  const distilled = distil([definition], { payload: { v: value } })
  expect(distilled).toMatchObject({ kind: 'failed' })
  expect(distilled.kind === 'failed' && distilled.reason).toMatch(/^trait v: .* is not /)
})

test.each([
  [{ timestamp: '2026-02-03T04:05:06Z' }, '2026-02-03T04:05:06'],
  [{ timestamp: null, _context_timestamp: '2026-02-03 04:05:06' }, '2026-02-03T04:05:06'],
  [{ timestamp: '' }, '2026-01-01T00:00:00'],
  [{}, '2026-01-01T00:00:00'],
] as const)('takes the time of %j', (fields, expected) => {
  expect(distil([{ event_type: '*', traits: {} }], fields)).toMatchObject({
    event: { timestamp: at(expected) },
  })
})

test('a time that is none fails', () => {
  expect(distil([{ event_type: '*', traits: {} }], { timestamp: 'yesterday' })).toMatchObject({
    kind: 'failed',
  })
})

test('a bad field path is reported with its place', () => {
  const findings: UnplacedFinding[] = []
  compileDefinitions([{ event_type: '*', traits: { v: { fields: ['ok', 'a.['] } } }], (finding) =>
    findings.push(finding),
  )
  expect(findings).toMatchObject([
    { severity: 'error', code: 'field-path', path: [0, 'traits', 'v', 'fields', 1] },
  ])
})

test.each([
  ['int', '', 5, { type: 'int', value: 5 }],
  ['datetime', '', '2026-01-01T00:00:00', { type: 'datetime', value: at('2026-01-01T00:00:00') }],
  ['float', '', '', undefined],
  ['text', '', 'later', { type: 'text', value: '' }],
] as const)(
  'a blank is no value but for text, and the next field is tried: %s',
  (type, first, second, expected) => {
    const traits = traitsOf(
      [{ event_type: '*', traits: { one: { type, fields: ['payload.first', 'payload.second'] } } }],
      { payload: { first, second } },
    )
    expect(traits.one).toEqual(expected)
  },
)

test.each([
  ['int', 'an integer'],
  ['float', 'a finite number'],
] as const)(
  'a number beyond all doubles cannot become a trait of type %s, and is named',
  (type, expected) => {
    const payload = JSON.parse('{"size": 1e999}') as JsonObject
    const distilled = distil([{ event_type: '*', traits: { size: { type, fields: 'payload.size' } } }], {
      payload,
    })
    expect(distilled).toMatchObject({ kind: 'failed', reason: `trait size: Infinity is not ${expected}` })
  },
)
