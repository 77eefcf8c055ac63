import fc from 'fast-check'
import { expect, test } from 'vitest'
import { instantFromMicros } from '../../../src/domain/time.ts'
import { evaluateTimex, timexHolds } from '../../../src/timex/evaluate.ts'
import { type Expression, UNIT_WORDS } from '../../../src/timex/expression.ts'
import { parseTimex } from '../../../src/timex/parser.ts'
import { printTimex } from '../../../src/timex/print.ts'
import { TimexError } from '../../../src/timex/timex-error.ts'

const spaces = fc.constantFrom(' ', '  ', '\t', '\n')
const part = fc
  .tuple(fc.nat(5000), fc.constantFrom(...Object.keys(UNIT_WORDS)))
  .map(([amount, word]) => `${amount}${word}`)
const duration = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(' '))
const variable = fc.constantFrom('$timestamp', '$first', '$last', '$audit_period_beginning')
const operator = fc.constantFrom('+', '-', '@')

/** Texts of the whole grammar, unit-less durations aside, with spaces wherever they may stand. */
const { text: expressionText } = fc.letrec<{ text: string; time: string; range: string; shifted: string }>(
  (tie) => ({
    time: fc.oneof(
      variable,
      fc.tuple(variable, operator, duration).map((words) => words.join(' ')),
    ),
    range: fc.oneof(
      fc.constantFrom('hour', 'day', 'month', 'year'),
      fc
        .tuple(fc.constantFrom('hour', 'day', 'month', 'year'), spaces, tie('time'))
        .map(([name, space, time]) => `${name}(${space}${time}${space})`),
      fc.tuple(tie('time'), spaces, tie('time')).map(([from, space, to]) => `${from}${space}to${space}${to}`),
    ),
    shifted: fc
      .tuple(tie('range'), operator, duration)
      .map(([range, sign, length]) => `(${range}) ${sign} ${length}`),
    text: fc.oneof(tie('time'), tie('range'), tie('shifted')),
  }),
)

/** Pieces of the language in any order, and anything else. */
const scribble = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.oneof(variable, operator, part, spaces, fc.constantFrom('(', ')', 'to', 'day', '5', '$', '#', 'mo')),
    )
    .map((words) => words.join('')),
)

function withoutOffsets(expression: Expression): unknown {
  return JSON.parse(JSON.stringify(expression, (key, value) => (key === 'offset' ? undefined : value)))
}

function parsed(text: string): Expression | undefined {
  try {
    return parseTimex(text)
  } catch (error) {
    if (error instanceof TimexError) return undefined
    throw error
  }
}

test('every expression of the grammar is read, and what is printed of it is read as the same', () => {
  fc.assert(
    fc.property(expressionText, (text) => {
      const expression = parseTimex(text)
      expect(withoutOffsets(parseTimex(printTimex(expression)))).toEqual(withoutOffsets(expression))
    }),
    { numRuns: 2000 },
  )
})

test('no text does more than be refused, with a place inside of it; what is read is printed as the same', () => {
  fc.assert(
    fc.property(scribble, (text) => {
      try {
        const expression = parseTimex(text)
        expect(withoutOffsets(parseTimex(printTimex(expression)))).toEqual(withoutOffsets(expression))
      } catch (error) {
        if (!(error instanceof TimexError)) throw error
        expect(error.offset).toBeGreaterThanOrEqual(0)
        expect(error.offset).toBeLessThanOrEqual(text.length)
      }
    }),
    { numRuns: 5000 },
  )
})

test('evaluating answers a time or a range, or is refused; matching never fails', () => {
  const micros = fc.integer({ min: -30_000_000_000_000_000, max: 200_000_000_000_000_000 })
  fc.assert(
    fc.property(expressionText, micros, micros, (text, time, other) => {
      const variables = { timestamp: time, first: time, last: other, audit_period_beginning: other }
      try {
        const value = evaluateTimex(parseTimex(text), variables)
        expect(typeof timexHolds(value, instantFromMicros(other))).toBe('boolean')
      } catch (error) {
        if (!(error instanceof TimexError) || error.kind !== 'value') throw error
      }
    }),
    { numRuns: 2000 },
  )
})

test.each([
  ['open parentheses', '('.repeat(100_000)],
  ['nested parentheses', `${'('.repeat(100_000)}$first to $last${')'.repeat(100_000)}`],
  ['nested functions', `${'day('.repeat(100_000)}$first${')'.repeat(100_000)}`],
  ['a long chain', `$first${' + 1d'.repeat(100_000)}`],
  ['a long duration', `$first + ${'1d '.repeat(100_000)}`],
  ['a long name', `$${'x'.repeat(1_000_000)}`],
  ['a long number', `$first + ${'9'.repeat(100_000)}d`],
])('%s neither crash nor hang', (_, text) => {
  const expression = parsed(text)
  if (!expression) return
  try {
    evaluateTimex(expression, { first: 0, last: 0 })
  } catch (error) {
    expect(error).toBeInstanceOf(TimexError)
  }
})
