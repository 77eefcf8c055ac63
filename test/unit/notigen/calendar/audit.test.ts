import { expect, test } from 'vitest'
import { decodeNotificationText } from '../../../../src/distiller/decode-notification.ts'
import type { JsonObject } from '../../../../src/domain/notification.ts'
import { MICROS_PER_HOUR, MICROS_PER_MINUTE, parseIso } from '../../../../src/domain/time.ts'
import { type Audit, auditPeriodAt } from '../../../../src/notigen/calendar/audit.ts'
import { isAudited } from '../../../../src/notigen/instance/audited.ts'
import { FLAVORS } from '../../../../src/notigen/instance/catalog.ts'
import { createInstance } from '../../../../src/notigen/instance/instance.ts'
import { Random } from '../../../../src/notigen/random.ts'
import { simulate } from '../../../../src/notigen/simulation.ts'
import { at } from '../../../support/events.ts'

const HOURLY: Audit = { unit: 'hour', dayBegins: 0 }
const FROM_EIGHT: Audit = { unit: 'day', dayBegins: 8 * MICROS_PER_HOUR }

test.each([
  [HOURLY, '2026-01-01T10:00:00', '2026-01-01T10:00:00', '2026-01-01T11:00:00'],
  [HOURLY, '2026-01-01T23:59:59.999999', '2026-01-01T23:00:00', '2026-01-02T00:00:00'],
  [FROM_EIGHT, '2026-01-01T07:59:59', '2025-12-31T08:00:00', '2026-01-01T08:00:00'],
  [FROM_EIGHT, '2026-01-01T08:00:00', '2026-01-01T08:00:00', '2026-01-02T08:00:00'],
])('%j: %s lies in the period from %s to %s', (audit, time, begin, end) => {
  expect(auditPeriodAt(audit, at(time))).toEqual({ begin: at(begin), end: at(end) })
})

test.each([
  ['is launched and on a host', {}, true],
  ['was never launched', { launchedAt: undefined }, false],
  ['is on no host', { host: undefined }, false],
  ['was launched in its last second', { launchedAt: at('2026-01-01T23:59:59.9') }, true],
  ['was launched after its end', { launchedAt: at('2026-01-02T00:00:00') }, false],
  [
    'was terminated in its first second, which the database cuts',
    { terminatedAt: at('2026-01-01T00:00:00.9') },
    false,
  ],
  ['was terminated within it', { terminatedAt: at('2026-01-01T00:00:01') }, true],
  ['is softly deleted for long', { deletedAt: at('2025-12-01T00:00:00') }, true],
])('whether the audit of a period finds an instance that %s', (_, change, expected) => {
  const random = new Random(1)
  const project = { id: '1', name: 'p', userId: 'u', userName: 'u', networkId: 'n' }
  const image = {
    id: 'i',
    name: 'i',
    distro: 'd',
    version: '1',
    architecture: 'x64',
    osType: 'linux',
    sizeBytes: 1,
  } as const
  const instance = createInstance(project, [image], at('2025-01-01T00:00:00'), random)
  instance.launchedAt = at('2025-01-01T00:01:00')
  instance.flavor = FLAVORS[0] ?? instance.flavor
  const period = { begin: at('2026-01-01T00:00:00'), end: at('2026-01-02T00:00:00') }
  expect(isAudited({ ...instance, ...change }, period)).toBe(expected)
})

test.each([
  ['hour', HOURLY],
  ['day@8', FROM_EIGHT],
] as const)('audits by %s', (_, audit) => {
  const start = at('2026-01-01T00:00:00')
  const run = { seed: 6, start, end: at('2026-01-02T12:00:00'), instances: 20, operationsPerHour: 20, audit }
  let [whole, ofPart, updates] = [0, 0, 0]
  const last = new Map<unknown, number>()
  for (const { at: sentAt, body } of simulate(run)) {
    const decoded = decodeNotificationText(body)
    if (!decoded.ok) throw new Error(decoded.reason)
    const { event_type, payload } = decoded.notification
    if (!/^compute\.instance\.(exists|update)$/.test(event_type)) continue
    const { instance_id: id, audit_period_beginning, audit_period_ending } = payload as JsonObject
    const [begin, end] = [audit_period_beginning, audit_period_ending].map(
      (time) => parseIso(String(time)) as number,
    ) as [number, number]
    const period = auditPeriodAt(audit, end - 1)
    expect(begin).toBe(period.begin)
    if (event_type.endsWith('update')) updates++
    else if (end === period.end) {
      whole++
      expect(sentAt - end).toBeGreaterThan(0)
      expect(sentAt - end).toBeLessThanOrEqual(10 * MICROS_PER_MINUTE)
      expect(end).toBeGreaterThan(last.get(id) ?? 0)
      last.set(id, end)
    } else {
      ofPart++
      expect(end).toBe(sentAt)
    }
  }
  expect(whole).toBeGreaterThan(audit.unit === 'hour' ? 20 * 24 : 20)
  expect(ofPart).toBeGreaterThan(5)
  expect(updates).toBeGreaterThan(500)
})
