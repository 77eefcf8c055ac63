import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  formatInstant,
  formatIso,
  formatMoment,
  parseInstant,
  parseIso,
  parseMoment,
} from '../../../src/domain/time.ts'

test.each([
  ['2015-02-27T18:27:18.603932', '2015-02-27T18:27:18.603932'],
  ['2015-02-27 18:27:18', '2015-02-27T18:27:18'],
  ['20150227T182718Z', '2015-02-27T18:27:18'],
  ['2015-02-27T18:27:18,5', '2015-02-27T18:27:18.500000'],
  ['2015-02-27T18:27:18.9999999Z', '2015-02-27T18:27:18.999999'],
  ['2015-02-27T18:27:18+05:30', '2015-02-27T12:57:18'],
  ['2015-02-27T18:27-0330', '2015-02-27T21:57:00'],
  ['2015-02-27', '2015-02-27T00:00:00'],
  ['2015-02', '2015-02-01T00:00:00'],
  ['2015', '2015-01-01T00:00:00'],
  ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00'],
  ['9999-12-31T23:59:59.999999', '9999-12-31T23:59:59.999999'],
])('reads %s as %s', (text, expected) => {
  const instant = parseInstant(text)
  expect(instant && formatInstant(instant)).toBe(expected)
})

test.each([
  '',
  'yesterday',
  '2015-02-29',
  '2015-13-01',
  '2015-02-27T24:00:00',
  '2015-02-27T18:27:60',
  '2015-02-27T18:27:18z',
  '2015-02-27T18:27:18 Z',
  '2015-02-27T18:27:18.',
  '201502',
  '0001-01-01T00:00:00+01:00',
  '9999-12-31T23:59:59-01:00',
])('refuses %j', (text) => {
  expect(parseIso(text)).toBeUndefined()
})

test('prints six digits of fraction when asked, and none when it is zero', () => {
  expect(formatIso(0)).toBe('1970-01-01T00:00:00')
  expect(formatIso(0, 'six')).toBe('1970-01-01T00:00:00.000000')
  expect(formatIso(-1)).toBe('1969-12-31T23:59:59.999999')
})

test('printing then reading gives the same time', () => {
  fc.assert(
    fc.property(fc.integer({ min: -62_135_596_800_000, max: 8_000_000_000_000 }), (millis) => {
      const time = millis * 1000 + (millis % 7)
      return parseIso(formatIso(time)) === time
    }),
  )
})

test('the usual ways to write a time mean the same as the rarer ones', () => {
  const two = (max: number, min = 0) => fc.integer({ min, max }).map((n) => String(n).padStart(2, '0'))
  const date = fc.tuple(two(99), two(99), two(13), two(31)).map(([a, b, c, d]) => `${a}${b}-${c}-${d}`)
  const time = fc.tuple(two(24), two(60), two(60)).map((parts) => parts.join(':'))
  const fraction = fc.option(fc.tuple(two(99), two(99), two(99)), { nil: undefined })
  fc.assert(
    fc.property(
      date,
      fc.constantFrom('T', ' '),
      time,
      fraction,
      fc.constantFrom('', 'Z', '+00:00'),
      (day, gap, clock, digits, zone) => {
        const usual = `${day}${gap}${clock}${digits ? `.${digits.join('')}` : ''}${zone}`
        const rare = `${day}${gap}${clock},${digits ? digits.join('') : '0'}+0000`
        expect(parseInstant(usual)).toEqual(parseInstant(rare))
      },
    ),
    { numRuns: 2000 },
  )
})

test.each([
  '2026-11-19x10:00:00',
  '2026-11-19T10:00:0a',
  '2026-11-19T10:00:00.12345a',
  '2026-11-19T10:00:00+00:0x',
  '2026-11-19T10:00:00z',
  '2026+11-19T10:00:00',
])('%s looks like a time and is none', (text) => {
  expect(parseInstant(text)).toBeUndefined()
})

test.each(['+24:00', '-99:99', '+23:60'])('an offset of %s is none', (offset) => {
  expect(parseIso(`2014-03-04T05:06:07${offset}`)).toBeUndefined()
  expect(parseIso('2014-03-04T05:06:07+23:59')).toBeDefined()
})

test.each(['9999-12-31T23:59:59.999999', '9999-12-31T23:59:59.999983', '9999-12-31T23:59:59.999967Z'])(
  '%s stays in its year, and what is printed of it can be read',
  (text) => {
    const time = parseIso(text) as number
    expect(formatIso(time)).toMatch(/^9999-12-31T23:59:59\.9999/)
    expect(parseIso(formatIso(time))).toBe(time)
  },
)

test('the first moment that can be written stays in its year', () => {
  expect(formatIso(parseIso('0001-01-01T00:00:00.000001') as number)).toBe('0001-01-01T00:00:00')
})

/** A time of any year as text. */
const anyTime = fc
  .tuple(
    ...[9999, 12, 28].map((max) => fc.integer({ min: 1, max })),
    ...[23, 59, 59, 999_999].map((max) => fc.nat(max)),
  )
  .map(([year = 1, month = 1, day = 1, hour = 0, minute = 0, second = 0, micro = 0]) => {
    const two = (number: number) => String(number).padStart(2, '0')
    return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}:${two(second)}.${String(micro).padStart(6, '0')}`
  })

test('a moment comes back the same, to the microsecond, in all years', () => {
  const first = '0001-01-01T00:00:00.000001'
  const last = '9999-12-31T23:59:59.999999'
  fc.assert(
    fc.property(fc.oneof(fc.constantFrom(first, last), anyTime), (text) => {
      const moment = parseMoment(text)
      expect(moment && formatMoment(moment, 'six')).toBe(text)
      expect(moment?.value).toBe(parseIso(text))
    }),
    { numRuns: 5_000, seed: 20261130 },
  )
  expect(parseMoment('2026-11-30T00:00:00.000001')).not.toHaveProperty('rest')
})
