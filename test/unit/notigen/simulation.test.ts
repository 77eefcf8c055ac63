import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeNotificationText } from '../../../src/distiller/decode-notification.ts'
import type { JsonObject, Notification } from '../../../src/domain/notification.ts'
import { MICROS_PER_HOUR, MICROS_PER_MINUTE, parseIso } from '../../../src/domain/time.ts'
import { FORMATS, type Format } from '../../../src/notigen/format/format.ts'
import { type Simulated, type SimulationOptions, simulate } from '../../../src/notigen/simulation.ts'
import { at } from '../../support/events.ts'

const DAY: SimulationOptions = {
  seed: 1,
  start: at('2026-01-01T00:00:00'),
  end: at('2026-01-02T00:00:00'),
  instances: 20,
  operationsPerHour: 10,
}

function bodies(options: Partial<SimulationOptions> = {}): string[] {
  return [...simulate({ ...DAY, ...options })].map(({ body }) => body)
}

function readable(messages: Iterable<Simulated>): { at: number; notification: Notification }[] {
  return [...messages].flatMap(({ at, body }) => {
    const decoded = decodeNotificationText(body)
    return decoded.ok ? { at, notification: decoded.notification } : []
  })
}

const timeOf = ({ timestamp }: Notification) => parseIso(String(timestamp)) as number
const payloadOf = ({ payload }: Notification) => payload as JsonObject

/** The bytes must be the same on every machine; who changes what is simulated puts the new sums here. */
test.each([
  ['v1', '9ede810c643507f1'],
  ['v2', 'f417967aa5db900b'],
  ['versioned', '80d77caaeaa9ed46'],
] as const)('the bytes of seed 1 in format %s', (format, sum) => {
  const hash = createHash('sha256')
  for (const body of bodies({ format, trouble: { late: 0.1, duplicated: 0.1, U5: 0.5 } }))
    hash.update(`${body}\n`)
  expect(hash.digest('hex').slice(0, 16)).toBe(sum)
})

test('another seed gives another cloud', () => {
  expect(bodies()).not.toEqual(bodies({ seed: 2 }))
})

const options = fc.record({
  seed: fc.nat(),
  instances: fc.nat(30),
  operationsPerHour: fc.integer({ min: 1, max: 40 }),
  format: fc.constantFrom(...FORMATS),
})

test('any seed: every body is a notification with an id of its own, in order of time', () => {
  fc.assert(
    fc.property(options, (given) => {
      const messages = [...simulate({ ...DAY, ...given })]
      const read = readable(messages)
      expect(read.length).toBe(messages.length)
      expect(new Set(read.map(({ notification }) => notification.message_id)).size).toBe(read.length)
      expect(read.filter(({ at, notification }) => timeOf(notification) !== at)).toEqual([])
      expect(read.filter(({ at }, index) => at < (read[index - 1]?.at ?? 0))).toEqual([])
    }),
    { numRuns: 20 },
  )
})

test('any seed: an instance is launched, worked on and deleted as its states allow', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const states = new Map<string, string>()
      const wrong = readable(simulate({ ...DAY, seed })).filter(({ notification }) => {
        if (notification.event_type !== 'compute.instance.update') return false
        const { instance_id: id, old_state, state } = payloadOf(notification)
        const before = states.get(String(id))
        states.set(String(id), String(state))
        const isCleanUp = old_state === 'deleted' && state === 'deleted'
        if (before === 'deleted') return !isCleanUp
        return isCleanUp || (before !== undefined && old_state !== null && old_state !== before)
      })
      expect(wrong).toEqual([])
    }),
    { numRuns: 30 },
  )
})

test('any seed: an instance that was launched by the end of a day and is on a host has one exists of the whole day', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const read = readable(simulate({ ...DAY, seed })).map(({ notification }) => notification)
      const wholeDay = read
        .filter(({ event_type }) => event_type === 'compute.instance.exists')
        .map(payloadOf)
        .filter(({ audit_period_ending }) => audit_period_ending === '2026-01-02 00:00:00')
      const audited = wholeDay.map(({ instance_id }) => instance_id)
      expect(new Set(audited).size).toBe(audited.length)
      for (const { audit_period_beginning } of wholeDay)
        expect(audit_period_beginning).toBe('2026-01-01 00:00:00')
      const launched = read
        .filter(
          ({ event_type, timestamp }) =>
            event_type === 'compute.instance.create.end' && String(timestamp) < '2026-01-02',
        )
        .map((notification) => payloadOf(notification).instance_id)
      const hosts = new Map(
        read.map(payloadOf).flatMap(({ instance_id: id, host }) => (host === undefined ? [] : [[id, host]])),
      )
      expect(audited.filter((id) => hosts.get(id) === null)).toEqual([])
      for (const id of launched) if (hosts.get(id) !== null) expect(audited).toContain(id)
      expect(audited.length).toBeGreaterThanOrEqual(20)
    }),
    { numRuns: 20 },
  )
})

test('after the end only the exists of days that are over are sent', () => {
  const after = readable(simulate(DAY)).filter(({ at }) => at >= (DAY.end as number))
  expect(after.length).toBeGreaterThan(0)
  for (const { notification } of after)
    expect(notification.event_type).toMatch(/^(compute\.instance|volume)\.exists$/)
  const hour = readable(simulate({ ...DAY, end: DAY.start + MICROS_PER_HOUR }))
  expect(hour.every(({ at }) => at < DAY.start + MICROS_PER_HOUR)).toBe(true)
})

test('without an end it goes on', () => {
  const messages = simulate({ ...DAY, end: undefined })
  let last = 0
  for (let count = 0; count < 20_000; count++) last = (messages.next().value as Simulated).at
  expect(last).toBeGreaterThan(DAY.end as number)
})

test('a cloud keeps about its size', () => {
  const counts = new Map<string, number>()
  for (const { notification } of readable(simulate({ ...DAY, end: at('2026-02-01T00:00:00') }))) {
    if (notification.event_type !== 'compute.instance.exists') continue
    const { audit_period_beginning: begin, audit_period_ending: end, state } = payloadOf(notification)
    if (state === 'deleted' || String(end).slice(0, 10) === String(begin).slice(0, 10)) continue
    counts.set(String(begin), (counts.get(String(begin)) ?? 0) + 1)
  }
  expect(counts.size).toBe(31)
  expect(Math.min(...counts.values())).toBeGreaterThan(5)
  expect(Math.max(...counts.values())).toBeLessThan(45)
})

test.each(FORMATS)('bodies in format %s are as large as those on a real bus', (format: Format) => {
  const lengths = bodies({ format }).map(({ length }) => length)
  const mean = lengths.reduce((sum, length) => sum + length, 0) / lengths.length
  expect(mean).toBeGreaterThan(2000)
  expect(Math.max(...lengths)).toBeLessThan(10_000)
})

test('the envelope of v2 holds what v1 sends', () => {
  const inner = bodies({ format: 'v2' }).map((body) => {
    const { 'oslo.version': version, 'oslo.message': message } = JSON.parse(body)
    expect(version).toBe('2.0')
    return message
  })
  expect(inner).toEqual(bodies())
})

test('versioned notifications are versioned objects under their own names', () => {
  const read = readable(simulate({ ...DAY, format: 'versioned' })).map(({ notification }) => notification)
  const ofNova = read.filter(({ event_type }) => /^(instance|compute|scheduler|keypair)\./.test(event_type))
  expect(ofNova.length).toBeGreaterThan(100)
  for (const notification of ofNova) expect(payloadOf(notification)).toHaveProperty(['nova_object.data'])
  const types = new Set(read.map(({ event_type }) => event_type))
  expect([...types].filter((type) => type.startsWith('compute.instance.'))).toEqual([])
  expect(types).toContain('instance.exists')
  expect(types).toContain('scheduler.select_destinations.end')
})

test('trouble changes nothing else of the story', () => {
  const calm = new Set(bodies())
  const lossy = bodies({ trouble: { missing: 0.3 } })
  expect(lossy.length).toBeLessThan(calm.size)
  expect(lossy.every((body) => calm.has(body))).toBe(true)
  const late = bodies({ trouble: { late: 0.3, outOfOrder: 0.2, overdue: 0.1 } })
  expect(new Set(late)).toEqual(calm)
  const ordered = bodies({ trouble: { U7: 1, warning: 1 } }).filter((body) => !calm.has(body))
  expect(ordered.length).toBeGreaterThan(0)
  expect(ordered.length).toBeLessThan(calm.size / 10)
})

test('times run backwards within an instance only where late ones were ordered', () => {
  const backwards = (trouble: SimulationOptions['trouble']) => {
    const last = new Map<string, number>()
    let count = 0
    for (const { notification } of readable(simulate({ ...DAY, ...(trouble ? { trouble } : {}) }))) {
      const id = payloadOf(notification).instance_id
      if (typeof id !== 'string') continue
      const time = timeOf(notification)
      if (time < (last.get(id) ?? 0)) count++
      last.set(id, Math.max(time, last.get(id) ?? 0))
    }
    return count
  }
  expect(backwards(undefined)).toBe(0)
  expect(backwards({ missing: 0.2, malformed: 0.2, duplicated: 0 })).toBe(0)
  expect(backwards({ late: 0.1 })).toBeGreaterThan(0)
  expect(backwards({ outOfOrder: 0.1 })).toBeGreaterThan(0)
  expect(backwards({ overdue: 0.1 })).toBeGreaterThan(0)
})

test('late ones come within an hour and by midnight, overdue ones hours after it', () => {
  const delays = (trouble: SimulationOptions['trouble']) =>
    readable(simulate({ ...DAY, ...(trouble ? { trouble } : {}) }))
      .filter(({ at, notification }) => at !== timeOf(notification))
      .map(({ at, notification }) => ({ at, delay: at - timeOf(notification) }))
  const late = delays({ late: 0.2 })
  expect(late.length).toBeGreaterThan(50)
  for (const { delay } of late) expect(delay).toBeLessThanOrEqual(60 * MICROS_PER_MINUTE)
  const overdue = delays({ overdue: 0.2 })
  expect(overdue.length).toBeGreaterThan(50)
  for (const { at } of overdue) expect(at).toBeGreaterThanOrEqual((DAY.end as number) + 2 * MICROS_PER_HOUR)
})

test('a start in the last microsecond of a day gives a run like any other', () => {
  const start = at('2026-01-01T23:59:59.999999')
  const times = [...simulate({ ...DAY, start, end: start + MICROS_PER_HOUR, trouble: { warning: 1 } })].map(
    (one) => one.at,
  )
  expect(times.length).toBeGreaterThan(50)
  expect(times).toEqual([...times].sort((a, b) => a - b))
})
