import { expect, test } from 'vitest'
import { formatFileName } from '../../../../src/archive/rolling/file-name.ts'
import { at } from '../../../support/events.ts'

test.each([
  ['n_%Y_%m_%d_%H_%M_%S_%f.json', 'n_2026_03_01_04_05_06_000007.json'],
  ['%j', '060'],
  ['%X%%', '04:05:06%'],
  ['%q_[[CRC]]', '%q_[[CRC]]'],
  ['[[TIMESTAMP]]', '1772337906.000007'],
])('%s is %s', (template, name) => {
  expect(formatFileName(template, at('2026-03-01T04:05:06.000007'))).toBe(name)
})

test('the days of a year are counted from the first of January, through leap years', () => {
  const day = (text: string) => formatFileName('%j', at(text))
  expect(day('1970-01-01T00:00:00')).toBe('001')
  expect(day('2026-12-31T23:59:59.999999')).toBe('365')
  expect(day('2024-12-31T23:59:59')).toBe('366')
  expect(day('2024-03-01')).toBe('061')
})
