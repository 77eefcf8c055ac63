import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Event } from '../../../src/domain/event.ts'
import type { Trait } from '../../../src/domain/trait.ts'
import { eventJson } from '../../../src/formats/event-json.ts'
import { restEvent } from '../../../src/formats/rest-form.ts'
import { shownEvent } from '../../../src/formats/shown-form.ts'
import { stringifyJson } from '../../../src/text/json.ts'

const SECRETS = ['amqp://me:abc@mq1/', '{"password": "abc"}', 'x\\u0000"', 'a'.repeat(70)]
const NAMES = ['adminPass', 'auth_token', 'event_type', 'message_id', 'timestamp', '_mark', '__proto__']

const time = fc.integer({ min: -6e16, max: 2e17 })
const trait: fc.Arbitrary<Trait> = fc.oneof(
  fc.record({
    type: fc.constant('text' as const),
    value: fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...SECRETS)),
  }),
  fc.record({ type: fc.constant('int' as const), value: fc.integer() }),
  fc.record({ type: fc.constant('int' as const), value: fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }) }),
  fc.record({ type: fc.constant('float' as const), value: fc.double() }),
  fc.record({ type: fc.constant('datetime' as const), value: time }),
  fc.record({ type: fc.constant('none' as const), value: fc.constant(null) }),
)
const name = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...NAMES))
const event: fc.Arbitrary<Event> = fc.record({
  messageId: fc.string(),
  eventType: fc.string(),
  timestamp: time,
  traits: fc.array(fc.tuple(name, trait)).map((pairs) => Object.fromEntries(pairs)),
})

test('an event is shown as shownEvent(restEvent(event)) has it', () => {
  fc.assert(
    fc.property(event, fc.constantFrom(undefined, '1a4', '+1a4'), (one, mark) => {
      const shown = shownEvent(restEvent(one))
      const { _mark: _, ...plain } = shown
      const expected = mark === undefined ? shown : { ...plain, _mark: mark }
      expect(JSON.parse(eventJson(one, mark))).toEqual(JSON.parse(stringifyJson(expected)))
    }),
  )
})

test('secrets are masked by name and by form, the first time and the second', () => {
  const traits: Event['traits'] = {
    adminPass: { type: 'text', value: 'abc' },
    token: { type: 'datetime', value: 0 },
    url: { type: 'text', value: 'amqp://me:abc@mq1/' },
  }
  const one: Event = { messageId: 'm1', eventType: 'a.b', timestamp: 0, traits }
  const at = '{"__type__":"datetime","datetime":"1970-01-01T00:00:00"}'
  const json = `{"adminPass":"***","token":"***","url":"amqp://me:***@mq1/","event_type":"a.b","message_id":"m1","timestamp":${at},"_mark":"+1"}`
  for (let times = 0; times < 2; times++) expect(eventJson(one, '+1')).toBe(json)
})
