import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeNotificationText } from '../../../src/distiller/notification.ts'
import { Agenda } from '../../../src/notigen/agenda.ts'
import { bodyOf } from '../../../src/notigen/pace.ts'
import { Random } from '../../../src/notigen/random.ts'
import { simulate } from '../../../src/notigen/simulation.ts'
import { at } from '../../support/events.ts'

const DAY = {
  seed: 1,
  start: at('2026-01-01T00:00:00'),
  end: at('2026-01-02T01:00:00'),
  instances: 20,
  operationsPerHour: 10,
}

function lines(options = DAY): string[] {
  return [...simulate(options)].map((simulated) => String(bodyOf(simulated)))
}

test('the same seed gives the same bytes, another one others', () => {
  expect(lines()).toEqual(lines())
  expect(lines({ ...DAY, seed: 2 })).not.toEqual(lines())
})

test('every line is a notification, in order of time, with an id of its own', () => {
  const decoded = lines().map(decodeNotificationText)
  expect(decoded.every(({ ok }) => ok)).toBe(true)
  const notifications = decoded.flatMap((one) => (one.ok ? one.notification : []))
  const times = notifications.map(({ timestamp }) => String(timestamp))
  expect(times).toEqual([...times].sort())
  expect(new Set(notifications.map(({ message_id }) => message_id)).size).toBe(notifications.length)
})

test('each instance that was there during the day has one end-of-day exists', () => {
  const notifications = [...simulate(DAY)].map(
    ({ notification }) =>
      notification as { event_type: string; payload: { instance_id: string; launched_at: string } },
  )
  const exists = notifications.filter(({ event_type }) => event_type === 'compute.instance.exists')
  const audited = exists.map(({ payload }) => payload.instance_id)
  expect(new Set(audited).size).toBe(audited.length)
  const created = notifications.filter(
    ({ event_type, payload }) =>
      event_type === 'compute.instance.create.end' && payload.launched_at < '2026-01-02',
  )
  for (const { payload } of created) expect(audited).toContain(payload.instance_id)
  expect(audited.length).toBeGreaterThanOrEqual(20)
})

test('the agenda gives what was added in order of time, then of adding', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 9 })), (times) => {
      const agenda = new Agenda<number>()
      for (const [index, time] of times.entries()) agenda.add(time, index)
      const taken: [number, number][] = []
      for (let next = agenda.next(); next; next = agenda.next()) taken.push([next.at, next.item])
      expect(taken).toEqual(
        times
          .map((time, index): [number, number] => [time, index])
          .sort((a, b) => a[0] - b[0] || a[1] - b[1]),
      )
    }),
  )
})

test('numbers stay within their bounds', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 0, max: 1000 }), (seed, span) => {
      const value = new Random(seed).int(5, 5 + span)
      return value >= 5 && value <= 5 + span
    }),
  )
})
