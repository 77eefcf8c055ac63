import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatInstant, formatIso, parseInstant, parseIso } from '../../../src/domain/time.ts'

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

test.each(['+24:00', '-99:99', '+23:60'])('an offset of %s is none', (offset) => {
  expect(parseIso(`2014-03-04T05:06:07${offset}`)).toBeUndefined()
  expect(parseIso('2014-03-04T05:06:07+23:59')).toBeDefined()
})
