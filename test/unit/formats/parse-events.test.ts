import { expect, test } from 'vitest'
import type { Event } from '../../../src/domain/event.ts'
import { parseEvents } from '../../../src/formats/parse-events.ts'
import { restEvent } from '../../../src/formats/rest-form.ts'
import { typedEvent } from '../../../src/formats/typed-form.ts'

const EVENT: Event = {
  eventType: 'a.b',
  messageId: 'm1',
  timestamp: 1_424_974_994_000_000,
  traits: {
    name: { type: 'text', value: 'x' },
    memory_mb: { type: 'int', value: 512 },
    bytes: { type: 'int', value: 9007199254740993n },
    load: { type: 'float', value: 0.5 },
    launched_at: { type: 'datetime', value: 1_424_974_993_500_000 },
  },
}
const BARE: Event = { ...EVENT, traits: {} }

test.each([
  ['the typed form', typedEvent(EVENT), [EVENT]],
  ['the REST form', restEvent(EVENT), [EVENT]],
  ['the form of distill', restEvent(EVENT, 'six'), [EVENT]],
  ['the REST form in a list with marks', { ...restEvent(EVENT), _mark: '1f' }, [EVENT]],
  ['a typed event without traits', typedEvent(BARE), [BARE]],
  ['a REST event without traits', restEvent(BARE), [BARE]],
  ['a stream with its events', { id: 1, events: [restEvent(EVENT), restEvent(BARE)] }, [EVENT, BARE]],
  ['a page of a list', { events: [restEvent(EVENT)], next: '+1f' }, [EVENT]],
  ['an export', { event_types: ['a.b'], events: [{ id: 3, ...typedEvent(EVENT) }], streams: [] }, [EVENT]],
  ['an export in a vector', { db: { events: [typedEvent(EVENT)] } }, [EVENT]],
  ['no events', { events: [] }, []],
])('%s is read', (_, value, expected) => {
  expect(parseEvents(value)).toEqual(expected)
})

test.each(['9999-12-31T23:59:59.999999', '0001-01-01T00:00:00.000001'])('%s comes back the same', (time) => {
  const trait = { __type__: 'datetime', datetime: time }
  const [event] = parseEvents({ event_type: 'a', message_id: 'm', timestamp: time, launched_at: trait })
  expect(restEvent(event as Event)).toMatchObject({ timestamp: trait, launched_at: trait })
})

test('a null is no trait, a boolean an int, and a time may be a text', () => {
  const value = { event_type: 'a', message_id: 'm', timestamp: '2026-01-01T00:00:00', a: null, b: true }
  expect(parseEvents(value)).toEqual([
    {
      eventType: 'a',
      messageId: 'm',
      timestamp: 1_767_225_600_000_000,
      traits: { b: { type: 'int', value: 1 } },
    },
  ])
})

test.each([
  [{ error: 'the body is not JSON' }, 'event_type: nothing is not a text'],
  [{ ...restEvent(BARE), list: [1] }, 'trait list: [1] is not a trait; expected a text, a number or'],
  [
    { ...restEvent(BARE), timestamp: { __type__: 'datetime' } },
    'timestamp: {"__type__":"datetime"} is not an ISO 8601',
  ],
  [[], 'expected an object with event_type'],
  ['x', 'expected an object with event_type'],
])('%j is refused', (value, message) => {
  expect(() => parseEvents(value)).toThrow(message)
})

test.each([1e21, 1.2345678901234568e29, -1e25, 1e308])('%d, which no int holds, is a float', (num) => {
  const [parsed] = parseEvents(JSON.parse(JSON.stringify({ ...restEvent(BARE), num })))
  expect(parsed?.traits.num).toEqual({ type: 'float', value: num })
})
