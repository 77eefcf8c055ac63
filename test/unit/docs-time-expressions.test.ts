import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { messageOf } from '../../src/domain/errors.ts'
import { formatInstant, parseIso } from '../../src/domain/time.ts'
import { evaluateTimex } from '../../src/timex/evaluate.ts'
import { UNIT_WORDS } from '../../src/timex/expression.ts'
import { parseTimex } from '../../src/timex/parser.ts'

const PAGE = readFileSync(resolve(import.meta.dirname, '../../docs/time-expressions.md'), 'utf8')

const [, at = ''] = /With `\$timestamp` at (\S+):/.exec(PAGE) ?? []
const timestamp = parseIso(at) as number
const rows = [...PAGE.matchAll(/^\| `([^`]+)` \| `([^`]+)` \|$/gm)].map(
  ([, expression = '', result = '']) => ({
    expression,
    result,
  }),
)

function resultOf(expression: string): string {
  try {
    const value = evaluateTimex(parseTimex(expression), { timestamp })
    return value.kind === 'range'
      ? `${formatInstant(value.begin, 'six')} to ${formatInstant(value.end, 'six')}`
      : formatInstant(value.at, 'six')
  } catch (error) {
    return messageOf(error)
  }
}

test('the page has its tables', () => expect(rows.length).toBeGreaterThan(25))

test.each(rows)('docs/time-expressions.md is right about $expression', ({ expression, result }) => {
  expect(resultOf(expression)).toBe(result)
})

test('docs/time-expressions.md names every word for a unit', () => {
  for (const [word, unit] of Object.entries(UNIT_WORDS))
    expect(PAGE).toMatch(new RegExp(`^\\| ${unit} \\| .*\`${word}\``, 'm'))
})
