import { expect, test } from 'vitest'
import { evaluateTimex } from '../../../src/timex/evaluate.ts'
import { parseTimex } from '../../../src/timex/parser.ts'
import { TimexError } from '../../../src/timex/timex-error.ts'

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
] as const)('%s: a %s error at offset %i', (text, kind, offset) => {
  expect(errorOf(text)).toMatchObject({ kind, offset, code: 'syntax' })
})

test('says what was found, where, and what was expected', () => {
  expect(errorOf('$timestamp + 5 parsecs').message).toBe(
    'unexpected "parsecs" at column 16, expected a unit (us, s, m, h, d, mo, y)',
  )
})
