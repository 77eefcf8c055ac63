import { afterEach, expect, test, vi } from 'vitest'
import { formatLocal, localZone } from '../../../../src/cli/terminal/local-zone.ts'
import { parseNamedTime } from '../../../../src/text/named-time.ts'
import { at } from '../../../support/events.ts'

afterEach(() => vi.unstubAllEnvs())

const NOW = at('2026-07-10T23:30:00')

test.each([
  ['Europe/Berlin', '2026-01-31T12:00:00', '2026-01-31T11:00:00'],
  ['Europe/Berlin', '2026-07-31 12:00', '2026-07-31T10:00:00'],
  ['Europe/Berlin', '2026-07-31', '2026-07-30T22:00:00'],
  ['Europe/Berlin', '2026-07-31T12:00:00Z', '2026-07-31T12:00:00'],
  ['Europe/Berlin', '2026-07-31T12:00:00-05:00', '2026-07-31T17:00:00'],
  // By the clocks of Berlin it is half past one on the eleventh.
  ['Europe/Berlin', 'today', '2026-07-10T22:00:00'],
  ['Europe/Berlin', 'yesterday 14:00', '2026-07-10T12:00:00'],
  ['America/New_York', '14:00', '2026-07-10T18:00:00'],
  ['Asia/Kolkata', '2026-01-31T12:00:00.000001', '2026-01-31T06:30:00.000001'],
  ['Asia/Kolkata', '-1h', '2026-07-10T22:30:00'],
  ['UTC', '2026-01-31T12:00:00', '2026-01-31T12:00:00'],
])('in %s %s is %s', (zone, text, utc) => {
  vi.stubEnv('TZ', zone)
  expect(parseNamedTime(text, NOW, localZone)).toBe(at(utc))
})

test.each([
  ['Europe/Berlin', '2026-01-31T11:00:00', '2026-01-31T12:00:00+01:00'],
  ['America/New_York', '2026-07-31T03:00:00.5', '2026-07-30T23:00:00.500000-04:00'],
  ['Asia/Kolkata', '2026-01-31T06:30:00', '2026-01-31T12:00:00+05:30'],
])('in %s %s prints as %s', (zone, utc, local) => {
  vi.stubEnv('TZ', zone)
  expect(formatLocal(at(utc))).toBe(local)
})
