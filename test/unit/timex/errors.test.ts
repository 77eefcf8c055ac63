import { expect, test } from 'vitest'
import { formatInstant } from '../../../src/domain/time.ts'
import { evaluateTimex } from '../../../src/timex/evaluate.ts'
import { parseTimex } from '../../../src/timex/parser.ts'
import { TimexError } from '../../../src/timex/timex-error.ts'
import { at } from '../../support/events.ts'

function errorOf(text: string): TimexError {
  try {
    evaluateTimex(parseTimex(text), { timestamp: 0, first: 0 })
  } catch (error) {
    if (error instanceof TimexError) return error
    throw error
  }
  throw new Error(`${text} is not refused`)
}

test.each([
  ['$timestamp + 5.5d', 'lexer', 14],
  ['day;', 'lexer', 3],
  ['$timestamp 5d', 'parser', 11],
  ['$timestamp +', 'parser', 12],
  ['($first to $timestamp) to $first', 'parser', 23],
  ['day + 1 + 2', 'parser', 8],
  ['$timestamp + 5', 'parser', 14],
  ['$first + $nosuch', 'parser', 9],
  ['$nosuch + 1d', 'expression', 0],
  ['  week', 'expression', 2],
  ['$first @ 13mo', 'value', 0],
  // of two errors the one that stands first
  ['+ 5d;', 'parser', 0],
  ['$timestamp 5d, 6h', 'parser', 11],
  ['5.5', 'parser', 0],
  ['nosuch($timestamp @ 32d)', 'value', 7],
  // blanks are spaces, tabs and line feeds
  ['$timestamp\r+ 1d', 'lexer', 10],
  ['$timestamp\u00a0+ 1d', 'lexer', 10],
] as const)('%s: a %s error at offset %i', (text, kind, offset) => {
  expect(errorOf(text)).toMatchObject({ kind, offset, code: 'syntax' })
})

test('says what was found, where, and what was expected', () => {
  expect(errorOf('$timestamp + 5 parsecs').message).toBe(
    'unexpected "parsecs" at column 16, expected a unit (us, s, m, h, d, mo, y)',
  )
})

test.each([
  ['(day + 0d) + 20h', '2014-01-14T20:00:00', '2014-01-15T20:00:00'],
  ['month + 0mo 20d', '2013-12-21T00:00:00', '2014-01-21T00:00:00'],
])('an amount of zero is none: %s is still pinned', (text, begin, end) => {
  const value = evaluateTimex(parseTimex(text), { timestamp: at('2014-01-15T10:00:00') })
  if (value.kind !== 'range') throw new Error('expected a range')
  expect([formatInstant(value.begin), formatInstant(value.end)]).toEqual([begin, end])
})
