import { expect, test } from 'vitest'
import { decodeNotificationText } from '../../../src/distiller/decode-notification.ts'
import { describe as describeRun } from '../../../src/notigen/description.ts'
import { FORMATS } from '../../../src/notigen/format/format.ts'
import { OPERATIONS } from '../../../src/notigen/operations/operations.ts'
import { type SimulationOptions, simulate } from '../../../src/notigen/simulation.ts'
import { MESSAGE_TROUBLES } from '../../../src/notigen/trouble/message-trouble.ts'
import { at } from '../../support/events.ts'

const DAY: SimulationOptions = {
  seed: 3,
  start: at('2026-01-01T00:00:00'),
  end: at('2026-01-02T00:00:00'),
  instances: 40,
  operationsPerHour: 20,
}
const KINDS = Object.keys(MESSAGE_TROUBLES) as (keyof typeof MESSAGE_TROUBLES)[]

/** What is told apart in the bodies themselves. */
function counted(options: SimulationOptions) {
  const messages = [...simulate(options)]
  const calm = [...simulate({ ...options, trouble: {} })]
  const decoded = messages.map(({ body }) => decodeNotificationText(body))
  const ids = new Map<string, Set<string>>()
  for (const [index, one] of decoded.entries()) {
    if (!one.ok) continue
    const { message_id } = one.notification
    ids.set(message_id, (ids.get(message_id) ?? new Set()).add(messages[index]?.body as string))
  }
  const refused = decoded.filter(({ ok }) => !ok).length
  const copies = messages.length - refused - ids.size
  const retimed = [...ids.values()].filter(({ size }) => size > 1).length
  const calmBodies = new Map(calm.map(({ at, body }) => [body, at]))
  const moved = messages.filter(
    ({ at, body }) => calmBodies.get(body) !== undefined && calmBodies.get(body) !== at,
  )
  return {
    messages: messages.length,
    events: ids.size,
    missing: calm.length - ids.size - refused,
    malformed: refused,
    copies,
    retimed,
    moved: moved.length,
    changed: messages.filter(({ body }) => !calmBodies.has(body)).length,
  }
}

test.each(KINDS)('as many messages fare badly as the description says: %s', (kind) => {
  const options = { ...DAY, trouble: { [kind]: 0.1 } }
  const described = describeRun(options)
  const ordered = described.trouble[kind] ?? 0
  const found = counted(options)
  expect(found).toMatchObject({ messages: described.messages, events: described.events })
  expect(Object.keys(described.trouble)).toEqual([kind])
  expect(ordered / described.messages).toBeGreaterThan(0.05)
  expect(ordered / described.messages).toBeLessThan(0.15)
  const expected = { missing: 0, malformed: 0, copies: 0, retimed: 0, moved: 0, changed: 0 }
  const what = {
    missing: { missing: ordered },
    late: { moved: ordered },
    overdue: { moved: ordered },
    outOfOrder: { moved: ordered },
    duplicated: { copies: ordered, moved: ordered },
    retimed: { copies: ordered, retimed: ordered, changed: ordered },
    contradictory: { changed: ordered },
    malformed: { malformed: ordered, changed: ordered },
  }[kind]
  expect(found).toMatchObject({ ...expected, ...what })
})

test('a calm run has all its operations, no trouble and nothing ordered', () => {
  const described = describeRun(DAY)
  expect(described).toMatchObject({ deadLetters: 0, trouble: {}, ordered: {}, events: described.messages })
  expect(described.instances).toBe(
    40 + (described.operations.create ?? 0) + (described.operations.createFails ?? 0),
  )
  const { fires, expires } = described.streams
  expect(described.expected.length).toBe(fires + expires)
  expect(Object.values(described.eventTypes).reduce((sum, count) => sum + count)).toBe(described.messages)
})

test('every kind of operation occurs in a few days', () => {
  const { operations } = describeRun({ ...DAY, end: at('2026-01-15T00:00:00') })
  expect(Object.keys(operations).length).toBe(Object.keys(OPERATIONS).length)
})

test.each(FORMATS)('event types are counted as the bodies call them, in format %s', (format) => {
  const options = { ...DAY, format, trouble: { malformed: 0.1, duplicated: 0.1 } }
  const counts: { [type: string]: number } = {}
  for (const { body } of simulate(options)) {
    const decoded = decodeNotificationText(body)
    if (decoded.ok)
      counts[decoded.notification.event_type] = (counts[decoded.notification.event_type] ?? 0) + 1
  }
  expect(describeRun(options).eventTypes).toEqual(counts)
})
