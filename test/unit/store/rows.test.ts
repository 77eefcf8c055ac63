import { expect, test } from 'vitest'
import { eventOfRow } from '../../../src/store/rows.ts'

const row = (traits: string) => ({ id: 7, message_id: 'm', generated: 5, event_type_id: 1, traits })
const types = new Map([[1, 'compute.instance.update']])
const whole = {
  id: 7,
  messageId: 'm',
  eventType: 'compute.instance.update',
  timestamp: 5,
  traits: { host: { type: 'text', value: 'a' } },
}

test('an event of a row has all that an event has, copied and as JSON too', () => {
  const event = eventOfRow(row('{"host":"a"}'), types)
  expect({ ...event }).toEqual(whole)
  expect(JSON.parse(JSON.stringify(event))).toEqual(whole)
  expect(structuredClone(event)).toEqual(whole)
  expect(Object.create(event).traits).toEqual(whole.traits)
  expect(new Proxy(event, {}).traits).toEqual(whole.traits)
})

test('traits are decoded once, and not before they are looked at', () => {
  const broken = eventOfRow(row('{'), types)
  expect(broken.id).toBe(7)
  expect(() => broken.traits).toThrow(SyntaxError)
  const event = eventOfRow(row('{"host":"a"}'), types)
  expect(event.traits).toBe(event.traits)
})

test('all events share one getter: one of their own keeps them until a full garbage collection', () => {
  const [a, b] = [eventOfRow(row('{}'), types), eventOfRow(row('{}'), types)].map((event) =>
    Object.getOwnPropertyDescriptor(event, 'traits'),
  )
  expect(a?.get).toBeDefined()
  expect(a?.get).toBe(b?.get)
})
