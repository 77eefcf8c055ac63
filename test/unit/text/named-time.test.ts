import { expect, test } from 'vitest'
import { formatIso, parseIso } from '../../../src/domain/time.ts'
import { parseNamedTime } from '../../../src/text/named-time.ts'

const NOW = parseIso('2026-03-01T12:30:45.5') as number

test.each([
  ['2026-01-31T12:00:00', '2026-01-31T12:00:00'],
  ['2026-01-31', '2026-01-31T00:00:00'],
  ['2026-01-31T12:00:00+02:00', '2026-01-31T10:00:00'],
  ['now', '2026-03-01T12:30:45.500000'],
  ['NOW', '2026-03-01T12:30:45.500000'],
  ['today', '2026-03-01T00:00:00'],
  ['yesterday', '2026-02-28T00:00:00'],
  ['yesterday 14:00', '2026-02-28T14:00:00'],
  ['14:00', '2026-03-01T14:00:00'],
  ['9:05:07', '2026-03-01T09:05:07'],
  ['-1h', '2026-03-01T11:30:45.500000'],
  ['1h', '2026-03-01T11:30:45.500000'],
  ['30m ago', '2026-03-01T12:00:45.500000'],
  ['-1d 6h', '2026-02-28T06:30:45.500000'],
  ['-90min', '2026-03-01T11:00:45.500000'],
  ['2w', '2026-02-15T12:30:45.500000'],
])('%s is a moment', (text, expected) => {
  expect(formatIso(parseNamedTime(text, NOW) as number)).toBe(expected)
})

test.each([
  ...['', ' ', 'h', '-', '1', '-1', '1x', '1h2', 'tomorrow', '25:00', '12:60', '12', 'yesterday24:00'],
  ...['today14:00', 'now-1h', '1hour', '+1h', '999999999w', 'nowT', '--1h'],
])('%j is none', (text) => {
  expect(parseNamedTime(text, NOW)).toBeUndefined()
})
